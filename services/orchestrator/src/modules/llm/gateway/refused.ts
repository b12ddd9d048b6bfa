import type { GatewayError } from './errors.ts';

/** A refusal on its way out of the steps that lead to an answer. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly error: GatewayError;
  constructor(error: GatewayError) {
    super(error.body.message);
    this.error = error;
  }
}
