import type { TemplateData } from '../schemas.ts';
import type { Letter, Translate } from './letter.ts';

export const siteReady = (data: TemplateData<'site_ready'>, t: Translate): Letter => ({
  subject: t({ en: `Your site ${data.host} is ready`, fr: `Votre site ${data.host} est prêt` }),
  preview: t({ en: 'It answers from now on.', fr: 'Il répond dès maintenant.' }),
  heading: t({ en: 'Your site is ready', fr: 'Votre site est prêt' }),
  paragraphs: [
    t({
      en: `The site of ${data.tenantName} was built and answers at ${data.host}.`,
      fr: `Le site de ${data.tenantName} est construit et répond à l’adresse ${data.host}.`,
    }),
    ...(data.dashboardUrl === undefined
      ? []
      : [
          t({
            en: `Sign in to it from your dashboard: ${data.dashboardUrl}`,
            fr: `Connectez-vous au site depuis votre tableau de bord : ${data.dashboardUrl}`,
          }),
        ]),
  ],
  button: { label: t({ en: 'Open the site', fr: 'Ouvrir le site' }), url: data.siteUrl },
});
