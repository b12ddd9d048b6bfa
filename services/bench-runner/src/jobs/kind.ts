import type { z } from 'zod';
import type { JobRun } from './job-run.ts';
import type { Json } from '../redact.ts';
import type { Lane } from './store.ts';

interface KindOf<Request> {
  /** The job's name on the wire. */
  name: string;
  /** What the wire shows as `data.function` until the job has ended. */
  function: string;
  lane: Lane;
  /**
   * When the runner died in the middle: `repeat` from the first step, where doing it twice is the same as once;
   * `fail`, where only whoever asked can say what is right.
   */
  afterRestart: 'repeat' | 'fail';
  request: z.ZodType<Request>;
  /** Returns the job's `data`. */
  run(job: JobRun, request: Request): Promise<Json>;
  /** After any failure: takes away what must not stay. The request is opened on demand, for it may be unreadable. */
  cleanUp?: (job: JobRun, request: () => Request) => Promise<void>;
  /** After a restart: whether all was done and only the record of it is missing. */
  isComplete?: (job: JobRun) => Promise<boolean>;
}

export type Kind = Pick<KindOf<unknown>, 'name' | 'function' | 'lane' | 'afterRestart' | 'run'> & {
  /** Throws a ZodError. */
  parse(request: unknown): void;
  cleanUp(job: JobRun, request: () => unknown): Promise<void>;
  isComplete(job: JobRun): Promise<boolean>;
};

/** Hides the request's type behind its schema, so that kinds of all sorts fit in one table. */
export function defineKind<Request>(kind: KindOf<Request>): Kind {
  const parse = (request: unknown) => kind.request.parse(request);
  return {
    name: kind.name,
    function: kind.function,
    lane: kind.lane,
    afterRestart: kind.afterRestart,
    parse,
    run: (job, request) => kind.run(job, parse(request)),
    cleanUp: async (job, request) => kind.cleanUp?.(job, () => parse(request())),
    isComplete: async (job) => (await kind.isComplete?.(job)) ?? false,
  };
}
