import { type AppError, defineError } from '#core/errors.ts';

/** It did not answer, or not in a way that says what happened: the call may or may not have been carried out. */
export const BackendUnavailable = defineError<{ reason: string }>(
  'sites.backend_unavailable',
  503,
  (d) => `The site server cannot be used right now (${d.reason}). Nothing is lost; it is tried again.`,
  { retryAfterS: 10 },
);
/** Tokens are rotated on both sides, not at the same moment: worth trying again for a while. */
export const BackendDenied = defineError(
  'sites.backend_denied',
  503,
  'The site server refuses our token. The operator has to set FRAPPE_AGENT_TOKEN to the token of the bench runner.',
);
export const BackendNotFound = defineError<{ what: string }>(
  'sites.backend_not_found',
  502,
  (d) => `The site server knows no ${d.what}. The operator has to check FRAPPE_AGENT_URL and FRAPPE_BENCH.`,
);
export const BackendRefused = defineError<{ status: number; reason: string }>(
  'sites.backend_refused',
  502,
  (d) => `The site server refused the request (${d.status}): ${d.reason}`,
);

const PERMANENT = new Set([BackendNotFound.code, BackendRefused.code]);

/** True when asking again cannot help. */
export const isPermanent = (error: AppError): boolean => PERMANENT.has(error.code);
