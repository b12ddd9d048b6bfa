import { setTimeout as sleep } from 'node:timers/promises';

export interface Command {
  command: string;
  directory: string;
  status: string;
  output: string;
  returncode?: number;
}

export interface Step {
  id: number;
  name: string;
  status: string;
  data: Record<string, unknown>;
  commands: Command[];
}

export interface Job {
  id: number;
  name: string;
  status: string;
  agent_job_id: string | null;
  enqueue: string;
  start: string | null;
  end: string | null;
  duration: string | null;
  data: Record<string, unknown>;
  commands: Command[];
  steps: Step[];
}

export interface Answer<T = unknown> {
  status: number;
  headers: Headers;
  body: T;
}

interface Options {
  body?: unknown;
  headers?: Record<string, string>;
}

/** Speaks the wire as the orchestrator does. */
export class Client {
  readonly #url: () => string;
  readonly #token: string;

  constructor(url: () => string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  async request<T>(method: string, path: string, { body, headers }: Options = {}): Promise<Answer<T>> {
    const response = await fetch(`${this.#url()}${path}`, {
      method,
      headers: { authorization: `bearer ${this.#token}`, 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: JSON.parse(text) as T };
  }

  get = <T>(path: string, options?: Options): Promise<Answer<T>> => this.request<T>('GET', path, options);

  post = <T>(path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<Answer<T>> =>
    this.request<T>('POST', path, { body, headers });

  /** Posts what becomes a job; the job's id. */
  async enqueue(path: string, body: unknown = {}, agentJobId?: string, method = 'POST'): Promise<number> {
    const headers: Record<string, string> = agentJobId === undefined ? {} : { 'x-agent-job-id': agentJobId };
    const answer = await this.request<{ job: number }>(method, path, { body, headers });
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body.job;
  }

  async job(id: number): Promise<Job> {
    return (await this.get<Job>(`/jobs/${id}`)).body;
  }

  /** Polls until the job meets a condition; by default, until it has ended. */
  async until(id: number, met: (job: Job) => boolean = (job) => job.end !== null, timeoutMs = 45_000): Promise<Job> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const job = await this.job(id);
      if (met(job)) return job;
      if (Date.now() > deadline) throw new Error(`Job ${id} is still ${JSON.stringify(job)}`);
      await sleep(25);
    }
  }

  async run(path: string, body: unknown = {}, method = 'POST'): Promise<Job> {
    return this.until(await this.enqueue(path, body, undefined, method));
  }
}
