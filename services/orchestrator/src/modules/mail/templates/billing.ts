import type { TemplateData } from '../schemas.ts';
import type { Letter, Translate } from './letter.ts';

const labels = (t: Translate) => ({
  number: t({ en: 'Invoice', fr: 'Facture' }),
  amount: t({ en: 'Amount', fr: 'Montant' }),
  what: t({ en: 'For', fr: 'Objet' }),
});

export function invoice(data: TemplateData<'invoice'>, t: Translate): Letter {
  const { number, isPaid, description } = data;
  const amount = t.money(data.totalMinor, data.currency);
  const label = labels(t);
  const open = t({ en: 'Look at the invoice', fr: 'Voir la facture' });
  return {
    subject: isPaid
      ? t({ en: `Invoice ${number} is paid`, fr: `La facture ${number} est payée` })
      : t({ en: `Invoice ${number} over ${amount}`, fr: `Facture ${number} d’un montant de ${amount}` }),
    preview: isPaid ? t({ en: 'Thank you.', fr: 'Merci.' }) : t({ en: `${amount} to pay.`, fr: `${amount} à payer.` }),
    heading: isPaid
      ? t({ en: 'Thank you for your payment', fr: 'Merci pour votre paiement' })
      : t({ en: 'You have a new invoice', fr: 'Vous avez une nouvelle facture' }),
    paragraphs: [
      isPaid
        ? t({
            en: 'We have received it. Nothing is left to do.',
            fr: 'Nous l’avons bien reçu. Vous n’avez rien à faire.',
          })
        : t({
            en: 'You can pay it from the dashboard. What it is for starts when it is paid.',
            fr: 'Vous pouvez la régler depuis le tableau de bord. La prestation commence dès le paiement.',
          }),
    ],
    facts: [
      { label: label.number, value: number },
      { label: label.amount, value: amount },
      ...(description === undefined ? [] : [{ label: label.what, value: description }]),
    ],
    button: { label: isPaid ? open : t({ en: 'Pay the invoice', fr: 'Payer la facture' }), url: data.invoiceUrl },
  };
}

export function paymentFailed(data: TemplateData<'payment_failed'>, t: Translate): Letter {
  const amount = t.money(data.totalMinor, data.currency);
  const label = labels(t);
  return {
    subject: t({
      en: `The payment of invoice ${data.number} did not go through`,
      fr: `Le paiement de la facture ${data.number} a échoué`,
    }),
    preview: t({ en: `${amount} is still open.`, fr: `${amount} reste à payer.` }),
    heading: t({ en: 'Your payment did not go through', fr: 'Votre paiement a échoué' }),
    paragraphs: [
      t({
        en: `We could not collect ${amount}. Please try again, perhaps with another card.`,
        fr: `Nous n’avons pas pu encaisser ${amount}. Veuillez réessayer, peut-être avec une autre carte.`,
      }),
    ],
    facts: [
      { label: label.number, value: data.number },
      { label: label.amount, value: amount },
      ...(data.reason === undefined ? [] : [{ label: t({ en: 'Reason', fr: 'Motif' }), value: data.reason }]),
    ],
    button: { label: t({ en: 'Pay the invoice', fr: 'Payer la facture' }), url: data.invoiceUrl },
  };
}

export function refundDue(data: TemplateData<'refund_due'>, t: Translate): Letter {
  const { number, isDouble } = data;
  const amount = t.money(data.totalMinor, data.currency);
  const label = labels(t);
  return {
    subject: t({
      en: `Your payment for invoice ${number} will be refunded`,
      fr: `Votre paiement pour la facture ${number} sera remboursé`,
    }),
    preview: t({ en: `You will get ${amount} back.`, fr: `${amount} vous seront remboursés.` }),
    heading: t({ en: 'We will refund your payment', fr: 'Nous allons rembourser votre paiement' }),
    paragraphs: [
      isDouble
        ? t({
            en: `We received ${amount} for an invoice that had been paid already.`,
            fr: `Nous avons reçu ${amount} pour une facture qui avait déjà été réglée.`,
          })
        : t({
            en: `We received ${amount} for an invoice whose order had been canceled.`,
            fr: `Nous avons reçu ${amount} pour une facture dont la commande avait été annulée.`,
          }),
      t({
        en: 'We will send it back the way it came. Nothing is left for you to do.',
        fr: 'Nous vous le rendrons par le même moyen de paiement. Vous n’avez rien à faire.',
      }),
    ],
    facts: [
      { label: label.number, value: number },
      { label: label.amount, value: amount },
    ],
    button: { label: t({ en: 'Look at the invoice', fr: 'Voir la facture' }), url: data.invoiceUrl },
  };
}

export function paymentAction(data: TemplateData<'payment_action'>, t: Translate): Letter {
  const amount = t.money(data.totalMinor, data.currency);
  const label = labels(t);
  return {
    subject: t({
      en: `Your bank asks you to confirm the payment of invoice ${data.number}`,
      fr: `Votre banque vous demande de confirmer le paiement de la facture ${data.number}`,
    }),
    preview: t({ en: `${amount} waits for your confirmation.`, fr: `${amount} : votre confirmation est attendue.` }),
    heading: t({ en: 'Please confirm your payment', fr: 'Veuillez confirmer votre paiement' }),
    paragraphs: [
      t({
        en: `We wanted to charge ${amount} to the card that you let us keep, but your bank wants to hear it from you.`,
        fr: `Nous avons voulu débiter ${amount} de la carte que vous nous avez confiée, mais votre banque souhaite votre confirmation.`,
      }),
      t({
        en: 'Open the invoice and pay it: your bank then asks you. Nothing was charged so far.',
        fr: 'Ouvrez la facture et réglez-la : votre banque vous interrogera alors. Rien n’a encore été débité.',
      }),
    ],
    facts: [
      { label: label.number, value: data.number },
      { label: label.amount, value: amount },
    ],
    button: { label: t({ en: 'Confirm and pay', fr: 'Confirmer et payer' }), url: data.invoiceUrl },
  };
}

export function refundSent(data: TemplateData<'refund_sent'>, t: Translate): Letter {
  const amount = t.money(data.totalMinor, data.currency);
  const label = labels(t);
  return {
    subject: t({
      en: `Your payment for invoice ${data.number} was refunded`,
      fr: `Votre paiement pour la facture ${data.number} a été remboursé`,
    }),
    preview: t({ en: `${amount} is on its way to you.`, fr: `${amount} sont en route vers vous.` }),
    heading: t({ en: 'We have refunded your payment', fr: 'Nous avons remboursé votre paiement' }),
    paragraphs: [
      t({
        en: `We have sent ${amount} back the way it came. Depending on your bank it takes up to ten working days to arrive.`,
        fr: `Nous vous avons rendu ${amount} par le même moyen de paiement. Selon votre banque, cela peut prendre jusqu’à dix jours ouvrables.`,
      }),
    ],
    facts: [
      { label: label.number, value: data.number },
      { label: label.amount, value: amount },
    ],
    button: { label: t({ en: 'Look at the invoice', fr: 'Voir la facture' }), url: data.invoiceUrl },
  };
}
