import { z } from 'zod';

export const BeginLogin = z.object({
  returnTo: z.string().max(1000).optional().meta({ description: 'Path in the dashboard to come back to.' }),
});

export const LoggedOut = z.object({
  redirectUrl: z.string().meta({ description: 'Go there to sign out at the identity provider too.' }),
});

/** What a browser carries between our redirect to the provider and its way back; sealed, so nobody can read or forge it. */
export const LoginAttempt = z.object({
  state: z.string(),
  nonce: z.string(),
  codeVerifier: z.string(),
  /** Where it began: the provider sends the browser back there, and compares the address with the first. */
  origin: z.string(),
  returnTo: z.string(),
  startedAt: z.number(),
});
export type LoginAttempt = z.output<typeof LoginAttempt>;

const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** OpenID Connect Back-Channel Logout 1.0, §2.4: `nonce` is forbidden so that no ID token passes for one. */
export const LogoutToken = z
  .object({
    iss: z.string(),
    jti: z.string().min(1).max(500),
    sid: z.string().min(1).max(255).optional(),
    sub: z.string().min(1).max(255).optional(),
    nonce: z.undefined().optional(),
    events: z.object({ [LOGOUT_EVENT]: z.looseObject({}) }),
  })
  .refine(({ sid, sub }) => sid !== undefined || sub !== undefined, 'names neither a session nor a subject');
