import type { Context } from '../context.ts';

/** Something that a worker does all the time, beside jobs and schedules: it reads from a stream, say. */
export interface WorkerLoop {
  name: string;
  start(ctx: Context): { stop(): Promise<void> };
}
