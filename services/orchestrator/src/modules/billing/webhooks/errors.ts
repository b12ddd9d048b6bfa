import { defineError, InvalidJson } from '#core/errors.ts';

export const SignatureInvalid = defineError(
  'webhook.signature_invalid',
  401,
  'The signature does not fit the body, or is too old.',
);

/** Not 404: who sent it goes on trying, and the keys may be on their way. */
export const SenderNotConfigured = defineError<{ sender: string }>(
  'webhook.not_configured',
  503,
  ({ sender }) => `This server has no signing secret of ${sender}, so it cannot tell whether this is from ${sender}.`,
);

export function parseJson(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw InvalidJson();
  }
}
