import { type JWTPayload, type JWTVerifyOptions, errors, jwtVerify } from 'jose';
import type { Context } from '#core/context.ts';
import { ProviderDown, findProvider } from './provider.ts';

const CLOCK_TOLERANCE_S = 5;
/** These say that the keys could not be had; every other error of the library is about the token. */
const KEY_TROUBLE = new Set(['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC']);

type Checks = Pick<JWTVerifyOptions, 'audience' | 'requiredClaims' | 'maxTokenAge'>;

/** Undefined when it is not a token of our provider for this audience; throws `service.unavailable` without its keys. */
export async function verifyToken(ctx: Context, token: string, checks: Checks): Promise<JWTPayload | undefined> {
  const { issuer, keys } = await findProvider(ctx);
  try {
    const { payload } = await jwtVerify(token, keys, {
      ...checks,
      issuer,
      algorithms: ['RS256'],
      clockTolerance: CLOCK_TOLERANCE_S,
    });
    return payload;
  } catch (error) {
    if (!(error instanceof errors.JOSEError) || KEY_TROUBLE.has(error.code)) throw ProviderDown(error);
    ctx.log.info({ reason: error.message, code: error.code }, 'a token was refused');
    return undefined;
  }
}
