/** What the edge shows instead of a page: on any host, so nothing but the page itself may be needed. */
export interface EdgePage {
  status: number;
  en: { title: string; text: string };
  fr: { title: string; text: string };
}

export const edgePages: readonly EdgePage[] = [
  {
    status: 402,
    en: {
      title: 'This site is paused',
      text: 'Its subscription is not paid. Nothing is lost: whoever owns it can pay the open invoice in the dashboard, and it is back within a minute.',
    },
    fr: {
      title: 'Ce site est en pause',
      text: 'Son abonnement n’est pas payé. Rien n’est perdu : son propriétaire peut régler la facture ouverte dans le tableau de bord, et le site revient en moins d’une minute.',
    },
  },
  {
    status: 404,
    en: { title: 'Nothing here', text: 'There is no page at this address. Check it for a typing error.' },
    fr: {
      title: 'Il n’y a rien ici',
      text: 'Aucune page ne se trouve à cette adresse. Vérifiez qu’elle est bien écrite.',
    },
  },
  {
    status: 502,
    en: {
      title: 'Not reachable right now',
      text: 'What is behind this address does not answer. It is probably being restarted: try again in a minute.',
    },
    fr: {
      title: 'Injoignable pour le moment',
      text: 'Ce qui se trouve derrière cette adresse ne répond pas. Un redémarrage est sans doute en cours : réessayez dans une minute.',
    },
  },
  {
    status: 503,
    en: {
      title: 'Back in a moment',
      text: 'This is being worked on, or has too much to do just now. Try again in a minute.',
    },
    fr: {
      title: 'De retour dans un instant',
      text: 'Une intervention est en cours, ou la charge est trop forte. Réessayez dans une minute.',
    },
  },
  {
    status: 504,
    en: {
      title: 'This took too long',
      text: 'No answer came in time. If you were saving something, look whether it was saved before you do it again.',
    },
    fr: {
      title: 'C’était trop long',
      text: 'Aucune réponse n’est arrivée à temps. Si vous enregistriez quelque chose, vérifiez si c’est fait avant de recommencer.',
    },
  },
];
