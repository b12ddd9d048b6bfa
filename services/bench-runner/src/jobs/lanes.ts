import { setMaxListeners } from 'node:events';
import { kindNamed } from '../kinds/kinds.ts';
import { JobStopped, type FailureData } from './failures.ts';
import { JobRun, type Services } from './job-run.ts';
import type { Json } from '../redact.ts';
import type { JobRow, Lane } from './store.ts';

/** A job that took the whole runner down this often is not tried again. */
const MAX_ATTEMPTS = 3;
const RESTARTED = 'The bench runner restarted while this job was running.';

/**
 * Works through the queue: one job at a time per lane, oldest first. It is built to be killed: all it knows is in the
 * job database, and `recover` puts in order what an earlier life left behind.
 * @param onCrash is told of an error that is not a job's own (the disk is full); the process should end
 */
export class Lanes {
  readonly #services: Services;
  readonly #onCrash: (error: unknown) => void;
  readonly #busy = new Map<Lane, Promise<void>>();
  readonly #controllers = new Map<number, AbortController>();
  #interrupted: JobRow[] = [];
  #isStopping = false;

  constructor(services: Services, onCrash: (error: unknown) => void) {
    this.#services = services;
    this.#onCrash = onCrash;
  }

  /** To be called once, when no process of an earlier life is left, before anything else. */
  recover(): void {
    this.#interrupted = this.#services.store.running();
    this.wake('heavy');
    this.wake('short');
  }

  wake(lane: Lane): void {
    if (this.#busy.has(lane) || this.#isStopping) return;
    const work = this.#drain(lane)
      .catch(this.#onCrash)
      .finally(() => this.#busy.delete(lane));
    this.#busy.set(lane, work);
  }

  /** Ends a job that waits or runs; a job that has ended stays as it is. */
  cancel(row: JobRow): void {
    const reason = 'The job was cancelled.';
    if (row.status === 'Pending') this.#services.store.finish(row.id, 'Failure', { traceback: reason });
    else this.#controllers.get(row.id)?.abort(new JobStopped(reason));
  }

  /** Ends the running commands and leaves their jobs as they are: the next life takes them up by `recover`. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const controller of this.#controllers.values()) controller.abort(new JobStopped(RESTARTED));
    await Promise.all(this.#busy.values());
  }

  async #drain(lane: Lane): Promise<void> {
    // A turn of the event loop first: `wake` must know of this promise before it can be over.
    await Promise.resolve();
    while (!this.#isStopping) {
      const interrupted = this.#takeInterrupted(lane);
      const next = interrupted ?? this.#services.store.nextPending(lane);
      if (!next) return;
      await (interrupted ? this.#settle(interrupted) : this.#execute(next));
    }
  }

  #takeInterrupted(lane: Lane): JobRow | undefined {
    const index = this.#interrupted.findIndex((row) => row.lane === lane);
    return index < 0 ? undefined : this.#interrupted.splice(index, 1)[0];
  }

  async #execute(row: JobRow): Promise<void> {
    const { store, log } = this.#services;
    const controller = this.#begin(row);
    const deadline = setTimeout(
      () => controller.abort(new JobStopped(`The job exceeded its timeout of ${row.timeout_ms / 1000} seconds.`)),
      row.timeout_ms,
    );
    store.start(row.id);
    log.info({ jobId: row.id, kind: row.kind, site: row.site }, 'job started');
    const job = new JobRun(this.#services, row, controller.signal);
    try {
      const data = await kindNamed(row.kind).run(job, job.openRequest());
      this.#finish(row, 'Success', job.redact(data));
    } catch (error) {
      if (!this.#isStopping) await this.#fail(row, job, job.failure(error));
    } finally {
      clearTimeout(deadline);
      this.#controllers.delete(row.id);
    }
  }

  /** A job that was running when the runner died. */
  async #settle(row: JobRow): Promise<void> {
    const { store, log } = this.#services;
    const job = new JobRun(this.#services, row, this.#begin(row).signal);
    try {
      const kind = kindNamed(row.kind);
      if (kind.afterRestart === 'repeat' && row.attempts < MAX_ATTEMPTS) {
        log.warn({ jobId: row.id, kind: row.kind }, 'job repeated after a restart');
        store.requeue(row.id);
      } else if (await kind.isComplete(job)) {
        this.#finish(row, 'Success', {});
      } else {
        await this.#fail(row, job, { traceback: RESTARTED });
      }
    } catch (error) {
      await this.#fail(row, job, job.failure(error));
    } finally {
      this.#controllers.delete(row.id);
    }
  }

  #begin(row: JobRow): AbortController {
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    this.#controllers.set(row.id, controller);
    return controller;
  }

  /** The remains go first: who reads "Failure" may try again at once. */
  async #fail(row: JobRow, job: JobRun, data: FailureData): Promise<void> {
    this.#services.store.failOpenSteps(row.id, data);
    let left = '';
    try {
      await kindNamed(row.kind).cleanUp(job, () => job.openRequest());
    } catch (error) {
      const { traceback } = job.failure(error);
      left = `\nWhat the job left behind could not be removed: ${traceback}`;
      job.log.error({ reason: traceback }, 'cleaning up failed');
    }
    this.#finish(row, 'Failure', left === '' ? data : { ...data, traceback: `${data.traceback}${left}` });
  }

  #finish(row: JobRow, status: 'Success' | 'Failure', data: Json): void {
    this.#services.store.finish(row.id, status, data);
    this.#services.log.info({ jobId: row.id, kind: row.kind, site: row.site, status }, 'job ended');
  }
}
