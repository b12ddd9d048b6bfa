import { createHmac } from 'node:crypto';
import type { Config } from '#core/config/variables.ts';
import { equalsSecret } from '#core/crypto/tokens.ts';

/**
 * HMAC over the raw bytes: Rails escapes characters that JSON.stringify does not. The other algorithm (jwt) is refused:
 * it puts the body in a header, which Node cuts off at 16 KB.
 */
export function isSignedByLago(
  config: Pick<Config, 'LAGO_WEBHOOK_HMAC_KEY'>,
  rawBody: Buffer,
  { algorithm, signature }: { algorithm: string; signature: string },
): boolean {
  if (algorithm !== 'hmac') return false;
  const expected = createHmac('sha256', config.LAGO_WEBHOOK_HMAC_KEY).update(rawBody).digest('base64');
  return equalsSecret(signature, expected);
}
