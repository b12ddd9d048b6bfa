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
  /** What it is about: a host, or '' when it is about none. */
  site: string;
  op: string | null;
  authorization: string | undefined;
  contentType: string | undefined;
  rawBody: string;
}

/** How everything about one site goes, so that many tests can share an agent. */
export interface Conduct {
  misbehaviours: Misbehaviour[];
  /** How its `New Site` jobs that come next will go. */
  next: { looks?: number; outcome?: FakeJob['outcome']; output?: string; why?: string; times?: number };
  /** The token that is asked for. */
  token: string;
  isEdgeUp: boolean;
}

/**
 * A Frappe Agent that misbehaves to order. Like the real one it makes a second job when it is asked twice under one
 * UUID, so that whoever asks twice is found out. It is the edge as well: /api/method/ping by Host.
 */
export class FakeAgent {
  readonly requests: Request[] = [];
  jobs: FakeJob[] = [];
  readonly sites = new Map<string, FakeSite>();
  readonly #conducts = new Map<string, Conduct>();
  /** Which site a UUID was last used for. */
  readonly #ops = new Map<string, string>();
  readonly #server: Server;
  #lastId = Math.floor(Math.random() * 1e6);

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

  /** `''` is about whatever is about no site. */
  about(site: string): Conduct {
    const conduct = this.#conducts.get(site) ?? {
      misbehaviours: [],
      next: {},
      token: 'agent-test-token',
      isEdgeUp: true,
    };
    this.#conducts.set(site, conduct);
    return conduct;
  }

  requestsAbout(site: string): Request[] {
    return this.requests.filter((request) => request.site === site);
  }

  /** As when its job database was wiped. */
  forgetJobs(site: string): void {
    this.jobs = this.jobs.filter((job) => job.site !== site);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const line = `${request.method} ${request.url}`;
    if (request.url === '/api/method/ping') return this.#serveEdge(request, response);
    let rawBody = '';
    for await (const chunk of request) rawBody += String(chunk);
    const body = rawBody === '' ? {} : (JSON.parse(rawBody) as FakeJob['body']);
    const op = (request.headers['x-agent-job-id'] as string | undefined) ?? null;
    const { authorization, 'content-type': contentType } = request.headers;
    const site = this.#siteOf(line, body);
    if (op !== null) this.#ops.set(op, site);
    this.requests.push({ line, site, op, authorization, contentType, rawBody });
    const { misbehaviours, token } = this.about(site);
    const strange = misbehaviours.find((m) => m.on.test(line) && (m.times ?? 1) > 0);
    if (strange) strange.times = (strange.times ?? 1) - 1;
    if (strange?.how === 'lose_request') return void request.socket.destroy();
    if (strange?.how === 'status') return send(response, strange.status ?? 500, strange.body ?? { error: ['Boom'] });
    if (authorization !== `bearer ${token}`) return send(response, 401, { message: 'Unauthenticated' });
    const [status, answer] = this.#answer(line, op, body);
    if (strange?.how === 'lose_answer') return void request.socket.destroy();
    if (strange?.how === 'hang') return;
    if (strange?.how === 'garbage') return void response.end('<html>Bad gateway</html>');
    send(response, status, answer);
  }

  #siteOf(line: string, body: Record<string, unknown>): string {
    const [, path = ''] = line.split(' ');
    const [, kind, key = '', , host] = path.split('/');
    if (kind === 'agent-jobs') return this.#ops.get(key) ?? '';
    if (kind === 'jobs') return this.jobs.find((job) => job.id === Number(key.split(',')[0]))?.site ?? '';
    if (host !== undefined) return decodeURIComponent(host);
    return typeof body['name'] === 'string' ? body['name'] : '';
  }

  #serveEdge(request: IncomingMessage, response: ServerResponse): void {
    const host = request.headers.host ?? '';
    const isThere = this.sites.has(host);
    if (!this.about(host).isEdgeUp || !isThere) return send(response, isThere ? 502 : 404, {});
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
    const conduct = this.about(site);
    const {
      looks = 0,
      outcome = 'Success',
      output = '',
      why = 'bench said no',
    } = name === 'New Site' ? conduct.next : {};
    if (name === 'New Site' && conduct.next.times !== undefined && (conduct.next.times -= 1) === 0) conduct.next = {};
    const id = (this.#lastId += 1);
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
