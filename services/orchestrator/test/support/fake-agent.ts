import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What happens to the next request that matches: the work is done or not, and the answer comes, is lost or is bad. */
export interface Misbehaviour {
  /** `POST /benches/…`, matched as a whole line. */
  on: RegExp;
  how: 'lose_request' | 'lose_answer' | 'hang' | 'status' | 'garbage';
  status?: number;
  body?: unknown;
  times?: number;
}

interface FakeJob {
  id: number;
  name: string;
  op: string | null;
  site: string;
  body: Record<string, unknown>;
  /** How often it must be looked at until it has ended. */
  looksLeft: number;
  outcome: 'Success' | 'Failure' | 'never';
  isEnded: boolean;
  output: string;
  why: string;
}

export interface FakeSite {
  config: Record<string, unknown>;
  apps: string[];
}

interface Request {
  line: string;
  op: string | null;
  authorization: string | undefined;
  contentType: string | undefined;
  rawBody: string;
}

/**
 * A Frappe Agent that misbehaves to order. Like the real one it makes a second job when it is asked twice under one
 * UUID, so that whoever asks twice is found out. It is the edge as well: /api/method/ping by Host.
 */
export class FakeAgent {
  readonly requests: Request[] = [];
  readonly jobs: FakeJob[] = [];
  readonly sites = new Map<string, FakeSite>();
  readonly misbehaviours: Misbehaviour[] = [];
  token = 'agent-test-token';
  isEdgeUp = true;
  /** How the jobs that come next will go. */
  next: { looks?: number; outcome?: FakeJob['outcome']; output?: string; why?: string; times?: number } = {};
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(cleanUp: (run: () => Promise<void>) => void): Promise<FakeAgent> {
    const agent = new FakeAgent();
    await new Promise<void>((resolve) => agent.#server.listen(0, '127.0.0.1', resolve));
    cleanUp(async () => {
      agent.#server.closeAllConnections();
      await new Promise((resolve) => agent.#server.close(resolve));
    });
    return agent;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get env(): Record<string, string> {
    return { FRAPPE_AGENT_URL: this.url, SITES_EDGE_URL: this.url };
  }

  created(site: string): FakeJob[] {
    return this.jobs.filter((job) => job.site === site && job.name === 'New Site');
  }

  archived(site: string): FakeJob[] {
    return this.jobs.filter((job) => job.site === site && job.name === 'Archive Site');
  }

  /** As when its job database was wiped. */
  forgetJobs(): void {
    this.jobs.length = 0;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const line = `${request.method} ${request.url}`;
    if (request.url === '/api/method/ping') return this.#serveEdge(request, response);
    let rawBody = '';
    for await (const chunk of request) rawBody += String(chunk);
    const op = (request.headers['x-agent-job-id'] as string | undefined) ?? null;
    const { authorization, 'content-type': contentType } = request.headers;
    this.requests.push({ line, op, authorization, contentType, rawBody });
    const strange = this.misbehaviours.find((m) => m.on.test(line) && (m.times ?? 1) > 0);
    if (strange) strange.times = (strange.times ?? 1) - 1;
    if (strange?.how === 'lose_request') return void request.socket.destroy();
    if (strange?.how === 'status') return send(response, strange.status ?? 500, strange.body ?? { error: ['Boom'] });
    if (authorization !== `bearer ${this.token}`) return send(response, 401, { message: 'Unauthenticated' });
    const [status, body] = this.#answer(line, op, rawBody === '' ? {} : (JSON.parse(rawBody) as FakeJob['body']));
    if (strange?.how === 'lose_answer') return void request.socket.destroy();
    if (strange?.how === 'hang') return;
    if (strange?.how === 'garbage') return void response.end('<html>Bad gateway</html>');
    send(response, status, body);
  }

  #serveEdge(request: IncomingMessage, response: ServerResponse): void {
    const isThere = this.sites.has(request.headers.host ?? '');
    if (!this.isEdgeUp || !isThere) return send(response, isThere ? 502 : 404, {});
    send(response, 200, { message: 'pong' });
  }

  #answer(line: string, op: string | null, body: Record<string, unknown>): [number, unknown] {
    const [method = '', path = ''] = line.split(' ');
    const [, , , , host = '', action = ''] = decodeURIComponent(path.split('?')[0] ?? '').split('/');
    if (line === 'GET /ping') return [200, { message: 'pong' }];
    if (line === 'GET /benches/bench-0001') return [200, { name: 'bench-0001' }];
    if (line === 'POST /benches/bench-0001/sites') return this.#enqueue('New Site', String(body['name']), op, body);
    if (method === 'POST' && action === 'archive') return this.#enqueue('Archive Site', host, op, body);
    if (method === 'POST' && action === 'config') return this.#enqueue('Update Site Configuration', host, op, body);
    if (method === 'POST' && action === 'apps') return this.#enqueue('Install App on Site', host, op, body);
    if (path.startsWith('/benches/bench-0001/sites/')) return this.#askSite(host, action);
    if (path.startsWith('/agent-jobs/'))
      return [200, this.jobs.filter((job) => job.op === path.slice(12)).map((job) => this.#look(job))];
    if (path.endsWith('/cancel')) return this.#cancel(Number(path.split('/')[2]));
    if (path.startsWith('/jobs/')) {
      const ids = path.slice(6).split(',').map(Number);
      return [200, this.jobs.filter((job) => ids.includes(job.id)).map((job) => this.#look(job))];
    }
    return path.startsWith('/benches/') ? [404, { error: ['Bench not found'] }] : [500, { error: ['No route'] }];
  }

  #askSite(host: string, action: string): [number, unknown] {
    const site = this.sites.get(host);
    if (!site) return [404, { error: ['Traceback', `SiteNotExistsException: ${host}`] }];
    if (action.startsWith('apps')) return [200, { data: site.apps }];
    return [
      200,
      {
        data: {
          config: { ...site.config, db_name: '_abc', db_password: 'site-db-password' },
          timezone: 'UTC',
          usage: { database: 51, public: 1, private: 2, backups: 0 },
        },
      },
    ];
  }

  #enqueue(name: string, site: string, op: string | null, body: Record<string, unknown>): [number, unknown] {
    const { looks = 0, outcome = 'Success', output = '', why = 'bench said no' } = name === 'New Site' ? this.next : {};
    if (name === 'New Site' && this.next.times !== undefined && (this.next.times -= 1) === 0) this.next = {};
    const id = this.jobs.length === 0 ? 1 + Math.floor(Math.random() * 1e6) : (this.jobs.at(-1)?.id ?? 0) + 1;
    this.jobs.push({ id, name, op, site, body, looksLeft: looks, outcome, isEnded: false, output, why });
    return [200, { job: id }];
  }

  #cancel(id: number): [number, unknown] {
    const job = this.jobs.find((candidate) => candidate.id === id);
    if (!job) return [500, { error: [`Job ${id} does not exist`] }];
    if (!job.isEnded) Object.assign(job, { isEnded: true, outcome: 'Failure', why: 'The job was cancelled.' });
    return [200, this.#present(job)];
  }

  /** Time passes by being looked at. */
  #look(job: FakeJob): unknown {
    if (!job.isEnded && job.outcome !== 'never') {
      job.looksLeft -= 1;
      if (job.looksLeft < 0) this.#end(job);
    }
    return this.#present(job);
  }

  #end(job: FakeJob): void {
    job.isEnded = true;
    if (job.outcome !== 'Success') return;
    if (job.name === 'New Site') {
      if (this.sites.has(job.site)) {
        Object.assign(job, { outcome: 'Failure', why: `Site ${job.site} already exists` });
        return;
      }
      const { config, apps } = job.body as unknown as FakeSite;
      this.sites.set(job.site, { config, apps: ['frappe', ...apps] });
    }
    if (job.name === 'Archive Site') this.sites.delete(job.site);
  }

  #present(job: FakeJob): unknown {
    const status = job.isEnded ? job.outcome : 'Running';
    const step = (name: string, status: string) => ({
      id: 1,
      name,
      status,
      data: {},
      commands: [
        {
          command: `bench new-site --admin-password ${String(job.body['admin_password'])}`,
          status,
          output: job.output,
        },
      ],
    });
    return {
      id: job.id,
      name: job.name,
      status,
      agent_job_id: job.op,
      enqueue: '2026-11-20 08:30:39.224429',
      start: '2026-11-20 08:30:39.719652',
      end: job.isEnded ? '2026-11-20 08:30:49.719652' : null,
      duration: null,
      data: status === 'Failure' ? { output: `Traceback\n${job.why}`, returncode: 1 } : { kwargs: job.body },
      steps: [step(job.name, status)],
      commands: [],
      trace: randomUUID(),
    };
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
