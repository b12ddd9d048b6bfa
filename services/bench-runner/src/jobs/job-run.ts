import type { Logger } from 'pino';
import { asShown, runCommand } from '../bench/command.ts';
import { JOB_VARIABLE } from '../bench/orphans.ts';
import type { Sites } from '../bench/sites.ts';
import type { DatabaseServer } from '../bench/database.ts';
import type { Config } from '../config.ts';
import { CommandFailed, failureData, type FailureData } from './failures.ts';
import { presentCommand, type Execution } from './present.ts';
import { collectSecrets, MASK, Redactor, type Json } from '../redact.ts';
import type { JobRow, JobStore } from './store.ts';
import type { Vault } from './vault.ts';

const OUTPUT_INTERVAL_MS = 250;

export interface Services {
  config: Config;
  store: JobStore;
  vault: Vault;
  sites: Sites;
  runnerId: string;
  log: Logger;
}

/** A job while it runs: what a kind does its work with. Everything it records has passed the redactor. */
export class JobRun {
  readonly uid: string;
  readonly sites: Sites;
  readonly server: DatabaseServer;
  readonly bench: Config['bench'];
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly #services: Services;
  readonly #row: JobRow;
  readonly #redactor = new Redactor();
  #stepId: number | null = null;

  constructor(services: Services, row: JobRow, signal: AbortSignal) {
    this.uid = row.uid;
    this.sites = services.sites;
    this.server = services.config.database;
    this.bench = services.config.bench;
    this.log = services.log.child({ jobId: row.id, kind: row.kind, site: row.site });
    this.signal = signal;
    this.#services = services;
    this.#row = row;
  }

  /** The site the job is about. Kinds without a site never ask. */
  get site(): string {
    if (this.#row.site === null) throw new Error(`A job "${this.#row.kind}" has no site`);
    return this.#row.site;
  }

  /** The request as it came in, passwords included; from here on they are kept out of every record. */
  openRequest(): unknown {
    if (this.#row.sealed_request === null) throw new Error('The request of this job is gone');
    let text: string;
    try {
      text = this.#services.vault.open(this.#row.sealed_request);
    } catch (cause) {
      throw new Error('The request was sealed under another BENCH_RUNNER_TOKEN and cannot be read', { cause });
    }
    const request = JSON.parse(text) as unknown;
    this.#redactor.add(collectSecrets(request));
    return request;
  }

  /** Runs one step of the contract; what `work` returns becomes its `data`. */
  async step<T extends Json>(name: string, work: () => T | Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    const { store } = this.#services;
    const id = store.startStep(this.#row.id, name);
    this.#stepId = id;
    try {
      const data = await work();
      store.finishStep(id, 'Success', this.#redactor.json(data));
      return data;
    } catch (error) {
      store.finishStep(id, 'Failure', this.failure(error));
      throw error;
    }
  }

  /** Runs `bench …`; throws CommandFailed unless it exits with 0. */
  async run(args: readonly string[]): Promise<Execution> {
    if (this.#row.site !== null) await this.#learnSiteSecrets(this.#row.site);
    const { store, config } = this.#services;
    const { id } = store.startCommand({
      job_id: this.#row.id,
      step_id: this.#stepId,
      command: this.#redactor.text(shownCommand(args)),
      directory: this.bench.dir,
    });
    const live = throttle(OUTPUT_INTERVAL_MS, (output: string) =>
      store.updateOutput(id, this.#redactor.partialText(asShown(output))),
    );
    const environment = { ...config.childEnvironment, [JOB_VARIABLE]: `${this.#services.runnerId}/${this.uid}` };
    const command = { command: this.bench.command, args, directory: this.bench.dir, environment };
    const outcome = await runCommand(command, this.signal, live.call).finally(live.cancel);
    const finished = store.finishCommand(id, { ...outcome, output: this.#redactor.text(outcome.output) });
    this.signal.throwIfAborted();
    const execution = presentCommand(finished);
    if (outcome.returncode !== 0) throw new CommandFailed(execution);
    return execution;
  }

  /** What failed, as the wire shows it. */
  failure(error: unknown): FailureData {
    return this.#redactor.json(failureData(error));
  }

  redact<T extends Json>(value: T): T {
    return this.#redactor.json(value);
  }

  async #learnSiteSecrets(site: string): Promise<void> {
    const config = await this.sites.config(site).catch(() => ({}));
    this.#redactor.add(collectSecrets(config));
  }
}

const PLAIN_ARGUMENT = /^[\w@%+=:,./-]+$/;

/** For people to read, never to run. */
function shownCommand(args: readonly string[]): string {
  const shown = args.map((arg) => arg.replace(/^(--[a-z-]*password=).*$/s, `$1${MASK}`));
  return ['bench', ...shown.map((arg) => (PLAIN_ARGUMENT.test(arg.replace(MASK, '')) ? arg : `'${arg}'`))].join(' ');
}

function throttle<T>(intervalMs: number, work: (value: T) => void) {
  let timer: NodeJS.Timeout | undefined;
  let latest: T;
  return {
    call: (value: T): void => {
      latest = value;
      timer ??= setTimeout(() => {
        timer = undefined;
        work(latest);
      }, intervalMs);
    },
    cancel: (): void => clearTimeout(timer),
  };
}
