import type { TemplateData } from '../schemas.ts';
import type { Letter, Translate } from './letter.ts';

const button = (t: Translate, url: string) => ({ label: t({ en: 'Open billing', fr: 'Ouvrir la facturation' }), url });

export const orderExpired = ({ planName, billingUrl }: TemplateData<'order_expired'>, t: Translate): Letter => ({
  subject: t({ en: `Your order of ${planName} has expired`, fr: `Votre commande ${planName} a expiré` }),
  preview: t({ en: 'It was not paid in time.', fr: 'Elle n’a pas été réglée à temps.' }),
  heading: t({ en: 'Your order has expired', fr: 'Votre commande a expiré' }),
  paragraphs: [
    t({
      en: `The invoice of your order of ${planName} was not paid in time, so we have taken the order back. You owe nothing.`,
      fr: `La facture de votre commande ${planName} n’a pas été réglée à temps : nous avons annulé la commande. Vous ne devez rien.`,
    }),
    t({
      en: 'If you still want it, simply order it again.',
      fr: 'Si vous le souhaitez toujours, il suffit de commander à nouveau.',
    }),
  ],
  button: button(t, billingUrl),
});

export function planKept(data: TemplateData<'plan_kept'>, t: Translate): Letter {
  const { planName, wantedPlanName } = data;
  return {
    subject: t({ en: `You stay on ${planName}`, fr: `Vous restez sur ${planName}` }),
    preview: t({
      en: `The change to ${wantedPlanName} was not paid in time.`,
      fr: `Le passage à ${wantedPlanName} n’a pas été réglé à temps.`,
    }),
    heading: t({ en: `You stay on ${planName}`, fr: `Vous restez sur ${planName}` }),
    paragraphs: [
      t({
        en: `The invoice of the change to ${wantedPlanName} was not paid in time, so we have taken the change back. You owe nothing for it, and ${planName} goes on as before.`,
        fr: `La facture du passage à ${wantedPlanName} n’a pas été réglée à temps : nous avons annulé ce changement. Vous ne devez rien à ce titre et ${planName} continue comme avant.`,
      }),
      t({ en: 'You can change the plan again at any time.', fr: 'Vous pouvez changer de formule à tout moment.' }),
    ],
    button: button(t, data.billingUrl),
  };
}

export function downgradeScheduled(data: TemplateData<'downgrade_scheduled'>, t: Translate): Letter {
  const { planName, nextPlanName } = data;
  const at = t.date(data.at);
  return {
    subject: t({
      en: `You change from ${planName} to ${nextPlanName}`,
      fr: `Vous passez de ${planName} à ${nextPlanName}`,
    }),
    preview: t({ en: `On ${at}.`, fr: `Le ${at}.` }),
    heading: t({ en: 'Your change of plan is noted', fr: 'Votre changement de formule est enregistré' }),
    paragraphs: [
      t({
        en: `${planName} is paid until ${at} and stays as it is until then. After that you are on ${nextPlanName}, with its limits.`,
        fr: `${planName} est réglé jusqu’au ${at} et reste inchangé jusque-là. Vous passez ensuite à ${nextPlanName}, avec ses limites.`,
      }),
      t({
        en: 'Until then you can take the change back on the billing page.',
        fr: 'D’ici là, vous pouvez annuler ce changement depuis la page de facturation.',
      }),
    ],
    button: button(t, data.billingUrl),
  };
}

export function cancellationScheduled(data: TemplateData<'cancellation_scheduled'>, t: Translate): Letter {
  const { planName } = data;
  const endsAt = t.date(data.endsAt);
  return {
    subject: t({ en: `${planName} ends on ${endsAt}`, fr: `${planName} prend fin le ${endsAt}` }),
    preview: t({ en: 'Your cancellation is noted.', fr: 'Votre résiliation est enregistrée.' }),
    heading: t({ en: 'Your cancellation is noted', fr: 'Votre résiliation est enregistrée' }),
    paragraphs: [
      t({
        en: `${planName} stays as it is until ${endsAt}. It is not renewed, and nothing more is charged for it but what you use until then.`,
        fr: `${planName} reste inchangé jusqu’au ${endsAt}. Il n’est pas renouvelé et seul ce que vous consommez d’ici là vous sera facturé.`,
      }),
      t({
        en: 'Until then you can resume it on the billing page.',
        fr: 'D’ici là, vous pouvez le reprendre depuis la page de facturation.',
      }),
    ],
    button: button(t, data.billingUrl),
  };
}

export const subscriptionEnded = (
  { planName, billingUrl }: TemplateData<'subscription_ended'>,
  t: Translate,
): Letter => ({
  subject: t({ en: `${planName} has ended`, fr: `${planName} a pris fin` }),
  preview: t({ en: 'Nothing more is charged for it.', fr: 'Plus rien ne sera facturé à ce titre.' }),
  heading: t({ en: `${planName} has ended`, fr: `${planName} a pris fin` }),
  paragraphs: [
    t({
      en: `What ${planName} allowed is no longer available, and it is not renewed.`,
      fr: `Ce que ${planName} permettait n’est plus disponible, et il n’est pas renouvelé.`,
    }),
    t({
      en: 'You are welcome back at any time: order a plan on the billing page.',
      fr: 'Vous pouvez revenir quand vous voulez : commandez une formule depuis la page de facturation.',
    }),
  ],
  button: button(t, billingUrl),
});
