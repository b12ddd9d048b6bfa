import type { z } from 'zod';
import type { Context } from '../context.ts';

export interface Job<S extends z.ZodType = z.ZodType> {
  name: string;
  schema: S;
  /** Two enqueues with the same key are one job, for as long as the row is kept (30 days). */
  key: (data: z.output<S>) => string;
  /** Tries before it waits for a person; the pauses grow from a second to five minutes. */
  attempts: number;
  /** True of an event: nobody has to handle it. A job without a handler is a mistake and fails. */
  isEvent?: boolean;
}

/** The job's name and shape; whoever enqueues it need not know who handles it. */
export const defineJob = <S extends z.ZodType>(job: Job<S>): Job<S> => job;

/** Something that happened, told to whoever handles it in a module above; perhaps to nobody yet. */
export const defineEvent = <S extends z.ZodType>(event: Omit<Job<S>, 'isEvent'>): Job<S> => ({
  ...event,
  isEvent: true,
});

export interface JobHandler {
  job: Job;
  /** Tells several handlers of one job apart; each is then retried on its own. */
  as: string;
  run: (ctx: Context, data: unknown) => Promise<void>;
}

/**
 * Binds a handler. It will run twice and be killed in the middle: write it so that the second run finds the work done.
 * A job may have several handlers in different modules (`as` names them): an event is a job that many handle.
 */
export const on = <S extends z.ZodType>(
  job: Job<S>,
  run: (ctx: Context, data: z.output<S>) => Promise<void>,
  options: { as?: string } = {},
): JobHandler => ({
  job,
  as: options.as ?? 'default',
  run: (ctx, data) => run(ctx, job.schema.parse(data)),
});

/** A job that starts by the clock: once per slot of `everyMs`, in one worker. */
export interface Schedule {
  name: string;
  everyMs: (ctx: Context) => number;
  run: (ctx: Context) => Promise<void>;
}

export const defineSchedule = (schedule: Schedule): Schedule => schedule;
