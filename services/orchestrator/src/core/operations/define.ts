import type { z } from 'zod';
import type { TenantContext } from '../context.ts';

/** An operation as its hooks see it. */
export interface OperationFacts<I, R> {
  id: string;
  subjectId: string | null;
  input: I;
  /** What the steps before have left; typed by the definition, filled bit by bit. */
  result: Partial<R>;
  /** From 1; a start over, by itself or by a person, is a new round. */
  round: number;
}

/** What a step sees of its operation. */
export interface OperationView<I, R> extends OperationFacts<I, R> {
  /** A UUID that is the same whenever this step runs again in this round: the idempotency key of an outside call. */
  key: (suffix?: string) => string;
  /** Failures of this step in a row, plus one. */
  attempt: number;
  /** Since when this step is being tried. */
  startedAt: Date;
  /** Keeps at once what a later run must know even if this one is killed in its next line. */
  save: (result: Partial<R>) => Promise<void>;
}

/** Not there yet: look again after this many milliseconds. The worker is free meanwhile. */
export interface Again<R> {
  again: number;
  result?: Partial<R>;
  /** Percent. */
  progress?: number;
  /** All that was printed so far; the end of it is kept. */
  output?: string;
}

export type StepOutcome<R> = { done: true; result?: Partial<R>; output?: string } | Again<R>;

export interface Step<I, R> {
  name: string;
  run: (ctx: TenantContext, operation: OperationView<I, R>) => Promise<StepOutcome<R>>;
  /** Takes back what `run` may have done, also when `run` failed half-way. Must be safe to repeat; tried until it works. */
  undo?: (ctx: TenantContext, operation: OperationView<I, R>) => Promise<void | Again<R>>;
  /** Failures in a row before the operation turns back; default 8. */
  attempts?: number;
  /** Counted from the step's first try; past it the step fails. */
  deadlineMs?: number;
}

export interface Operation<I extends z.ZodType = z.ZodType, R = Record<string, unknown>> {
  kind: string;
  input: I;
  steps: readonly Step<z.output<I>, R>[];
  /** In the same transaction that ends it. */
  onSucceeded?: (ctx: TenantContext, operation: OperationFacts<z.output<I>, R>) => Promise<void>;
  onFailed?: (ctx: TenantContext, operation: OperationFacts<z.output<I>, R>) => Promise<void>;
  /** In the same transaction in which a person starts it again. */
  onRetried?: (ctx: TenantContext, operation: OperationFacts<z.output<I>, R>) => Promise<void>;
  /**
   * Asked when everything was taken back: a pause in milliseconds starts a new round by itself, undefined leaves it to
   * a person. Steps then run again under new idempotency keys.
   */
  startsOver?: (failure: { code: string; round: number }) => number | undefined;
}

/** `R` is the shape of what the steps hand on to each other. */
export const defineOperation = <R>() => {
  return <I extends z.ZodType>(operation: Operation<I, R>): Operation<I, R> => operation;
};

/** The definition with its types forgotten, for the engine that runs all kinds. */
export type AnyOperation = Operation<z.ZodType, Record<string, unknown>>;
export const anyOperation = <I extends z.ZodType, R>(operation: Operation<I, R>): AnyOperation =>
  operation as unknown as AnyOperation;

/** A step's failure that trying again cannot mend: the operation turns back at once. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
