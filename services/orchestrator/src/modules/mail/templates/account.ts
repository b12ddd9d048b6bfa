import type { TemplateData } from '../schemas.ts';
import type { Letter, Translate } from './letter.ts';

export const welcome = ({ tenantName, dashboardUrl }: TemplateData<'welcome'>, t: Translate): Letter => ({
  subject: t({ en: `${tenantName} is set up on Bastide`, fr: `${tenantName} est prêt sur Bastide` }),
  preview: t({ en: 'What you can do first.', fr: 'Par quoi commencer.' }),
  heading: t({ en: 'Welcome to Bastide', fr: 'Bienvenue sur Bastide' }),
  paragraphs: [
    t({
      en: `${tenantName} is ready. The free plans are on already: make an LLM key and try it at once.`,
      fr: `${tenantName} est prêt. Les offres gratuites sont déjà actives : créez une clé LLM et essayez-la tout de suite.`,
    }),
    t({
      en: 'When you take a plan with a site, the site is built minutes after the payment, and we write to you when it is there.',
      fr: 'Si vous prenez une offre avec un site, il est construit quelques minutes après le paiement, et nous vous écrivons dès qu’il est là.',
    }),
  ],
  button: { label: t({ en: 'Open the dashboard', fr: 'Ouvrir le tableau de bord' }), url: dashboardUrl },
});

const ROLES = {
  owner: { en: 'an owner', fr: 'propriétaire' },
  editor: { en: 'an editor', fr: 'éditeur' },
  viewer: { en: 'a viewer', fr: 'lecteur' },
} as const;

export function invitation(data: TemplateData<'invitation'>, t: Translate): Letter {
  const { inviterName, tenantName, expiresAt } = data;
  const role = t(ROLES[data.role]);
  return {
    subject: t({
      en: `${inviterName} invites you to ${tenantName}`,
      fr: `${inviterName} vous invite à rejoindre ${tenantName}`,
    }),
    preview: t({ en: `Join ${tenantName} on Bastide.`, fr: `Rejoignez ${tenantName} sur Bastide.` }),
    heading: t({ en: `Join ${tenantName}`, fr: `Rejoignez ${tenantName}` }),
    paragraphs: [
      t({
        en: `${inviterName} invites you to work in ${tenantName} on Bastide as ${role}.`,
        fr: `${inviterName} vous invite à travailler dans ${tenantName} sur Bastide en tant que ${role}.`,
      }),
      t({
        en: `Sign in with the address that this mail was sent to. The invitation is good until ${t.date(expiresAt)}.`,
        fr: `Connectez-vous avec l’adresse à laquelle cet e-mail a été envoyé. L’invitation est valable jusqu’au ${t.date(expiresAt)}.`,
      }),
    ],
    button: { label: t({ en: 'Accept the invitation', fr: 'Accepter l’invitation' }), url: data.acceptUrl },
    note: t({
      en: 'If you did not expect this, do nothing: without you nothing happens.',
      fr: 'Si vous n’attendiez pas cette invitation, ne faites rien : sans vous, rien ne se passe.',
    }),
  };
}
