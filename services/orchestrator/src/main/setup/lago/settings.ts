import { z } from 'zod';
import { secret, type Values, variable } from '#core/config/variable.ts';
import { variables } from '#core/config/variables.ts';

const group = 'Lago';

/** How Lago's GraphQL API is entered, and where its webhook key goes. */
export const lagoVariables = {
  LAGO_API_URL: variables.LAGO_API_URL,
  OPERATOR_EMAIL: variable({
    schema: z.email('must be an e-mail address'),
    group,
    about: 'Account of the operator, the one that Lago’s first start makes (LAGO_ORG_USER_EMAIL).',
  }),
  LAGO_ADMIN_PASSWORD: variable({ schema: secret(), group, about: 'Its password.', secret: true }),
  BOOTSTRAP_DIR: variable({
    schema: z.string().min(1).default('/run/bootstrap'),
    group,
    about: 'Folder for what only the started services know: lago_webhook_hmac_key.',
  }),
};

export type LagoSettings = Values<typeof lagoVariables>;
