/** A step that cannot go on, in the words that an operator needs. */
export class SetupFailure extends Error {
  override readonly name = 'SetupFailure';
  readonly what: string;
  readonly why: string;
  readonly fix: string;

  constructor({ what, why, fix }: { what: string; why: string; fix: string }, options?: ErrorOptions) {
    super(`${what}: ${why}`, options);
    this.what = what;
    this.why = why;
    this.fix = fix;
  }
}
