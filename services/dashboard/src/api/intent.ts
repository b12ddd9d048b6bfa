import { useRef } from 'react';
import { ApiError } from './errors.ts';

interface Intent {
  fingerprint: string;
  key: string;
}

/**
 * Gives one user intent one `Idempotency-Key`: pressing the button again after a lost answer repeats the same request,
 * while other input, or a definite answer, starts a new intent.
 */
export function useIntent<Input, Output>(
  send: (input: Input, headers: { 'idempotency-key': string }) => Promise<Output>,
): (input: Input) => Promise<Output> {
  const intent = useRef<Intent | null>(null);
  return async (input) => {
    const fingerprint = JSON.stringify(input);
    if (intent.current?.fingerprint !== fingerprint) intent.current = { fingerprint, key: crypto.randomUUID() };
    try {
      const output = await send(input, { 'idempotency-key': intent.current.key });
      intent.current = null;
      return output;
    } catch (error) {
      if (error instanceof ApiError && !error.isOutcomeUnknown) intent.current = null;
      throw error;
    }
  };
}
