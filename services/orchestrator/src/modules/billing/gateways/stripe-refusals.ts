import { ProviderRefused } from '../providers/errors.ts';

/** For what may have been done already: a refusal with one of these says that there is nothing left to do. */
export async function unlessRefused(statuses: readonly number[], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ProviderRefused && statuses.includes(error.status))) throw error;
  }
}
