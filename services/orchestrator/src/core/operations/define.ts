import type { z } from 'zod';
import type { TenantContext } from '../context.ts';

/** What a step sees of its operation. */
export interface OperationView<I, R> {
  id: string;
  subjectId: string | null;
  input: I;
  /** What the steps before have left; typed by the definition, filled bit by bit. */
  result: Partial<R>;
  /** A UUID that is the same whenever this step runs again in this round: the idempotency key of an outside call. */
  key: (suffix?: string) => string;
  /** How often this step was tried in this round, from 1. */
  attempt: number;
  /** Since when this step is being tried. */
  startedAt: Date;
}

export type StepOutcome<R> =
  | { done: true; result?: Partial<R> }
  /** Not there yet: look again after this long. The worker is free meanwhile. */
  | { again: number; result?: Partial<R>; progress?: number; output?: string };

export interface Step<I, R> {
  name: string;
  run: (ctx: TenantContext, operation: OperationView<I, R>) => Promise<StepOutcome<R>>;
  /** Takes back what `run` may have done, also when `run` failed half-way. Must be safe to repeat. */
  undo?: (ctx: TenantContext, operation: OperationView<I, R>) => Promise<void>;
  /** Tries before the operation turns back; default 8. */
  attempts?: number;
  /** Counted from the step's first try; past it the step fails. */
  deadlineMs?: number;
}

export interface Operation<I extends z.ZodType = z.ZodType, R = Record<string, unknown>> {
  kind: string;
  input: I;
  steps: readonly Step<z.output<I>, R>[];
  /** In the same transaction that ends it. */
  onSucceeded?: (ctx: TenantContext, operation: OperationView<z.output<I>, R>) => Promise<void>;
  onFailed?: (ctx: TenantContext, operation: OperationView<z.output<I>, R>) => Promise<void>;
  /** In the same transaction in which a person starts it again. */
  onRetried?: (ctx: TenantContext, operation: OperationView<z.output<I>, R>) => Promise<void>;
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
