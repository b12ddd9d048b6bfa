import type { KeyScope, Principal } from '../keys/principal.ts';
import type { Call } from './call.ts';
import { expiredKey, insufficientScope, invalidKey, missingKey, replacedKey } from './errors.ts';
import type { ServingParts } from './parts.ts';
import { Refused } from './refused.ts';

/** OpenAI's way of sending a key, and Anthropic's. */
export function presentedKey({ request }: Call): string {
  const { authorization = '', 'x-api-key': apiKey } = request.headers;
  if (typeof apiKey === 'string' && apiKey !== '' && authorization === '') return apiKey;
  const key = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  if (key === undefined) throw new Refused(missingKey);
  return key;
}

/** Not a promise when the key is in memory, which is nearly always. */
export function authenticate(
  { principals }: ServingParts,
  call: Call,
  key: string,
  scope: KeyScope,
): Principal | Promise<Principal> {
  const found = principals.of(key);
  return found instanceof Promise ? found.then((late) => admit(call, late, scope)) : admit(call, found, scope);
}

function admit(call: Call, principal: Principal | null, scope: KeyScope): Principal {
  checkPrincipal(principal, scope);
  call.tenantId = principal.tenantId;
  return principal;
}

export function checkPrincipal(principal: Principal | null, scope: KeyScope): asserts principal is Principal {
  if (!principal) throw new Refused(invalidKey);
  if (principal.expiresAtMs !== null && principal.expiresAtMs <= Date.now())
    throw new Refused(principal.isReplaced ? replacedKey : expiredKey);
  if (!principal.scopes.includes(scope)) throw new Refused(insufficientScope(scope));
}

export const mayUse = ({ models }: Principal, model: string): boolean => models === null || models.includes(model);
