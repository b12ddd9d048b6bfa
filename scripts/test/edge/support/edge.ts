import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../../services/bench-runner/test/support/free-port.ts';
import { traefikBinary } from './binary.ts';
import { makeCertificates } from './certificates.ts';
import { Client } from './client.ts';
import { DYNAMIC, type Settings, traefikService } from './compose.ts';
import { RoutesServer } from './routes-server.ts';
import { Upstream } from './upstream.ts';

export const DOMAIN = 'edge.test';
/** The password of `operator`, as `htpasswd -nbs operator secret` hashes it. */
const DASHBOARD_USERS = 'operator:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n';

export interface EdgeOptions {
  settings?: Settings;
  /** Services that are not there at the start. */
  down?: string[];
  /** routes.json at the start. */
  routes?: string;
  dashboardUsers?: string;
  /** Seconds in place of those in docker-compose.yml, where a test would have to wait for minutes. */
  readTimeout?: string;
}

/**
 * Traefik with the flags and the environment of docker-compose.yml and the files of traefik/dynamic. Changed are only
 * addresses and paths: ports of this machine for service names, files of a temporary folder for mounts.
 */
export class Edge {
  readonly folder: string;
  readonly upstreams: Record<string, Upstream>;
  readonly routes: RoutesServer;
  readonly ports: { web: number; websecure: number; internal: number; metrics: number };
  readonly client: Client;
  output = '';
  #process: ChildProcess | undefined;
  #hasCertificate = true;
  #start: () => ChildProcess;

  private constructor(
    parts: Pick<Edge, 'folder' | 'upstreams' | 'routes' | 'ports' | 'client'>,
    start: () => ChildProcess,
  ) {
    this.folder = parts.folder;
    this.upstreams = parts.upstreams;
    this.routes = parts.routes;
    this.ports = parts.ports;
    this.client = parts.client;
    this.#start = start;
  }

  static async start(options: EdgeOptions = {}): Promise<Edge> {
    const binary = traefikBinary();
    if (binary === undefined) throw new Error('There is no Traefik to test.');
    const folder = mkdtempSync(join(tmpdir(), 'bastide-edge-'));
    for (const name of ['dynamic', 'acme', 'secrets']) mkdirSync(join(folder, name));
    const files = makeCertificates(folder, DOMAIN);
    writeFileSync(join(folder, 'secrets/traefik_dashboard_users'), options.dashboardUsers ?? DASHBOARD_USERS);
    const ports = {
      web: await freePort(),
      websecure: await freePort(),
      internal: await freePort(),
      metrics: await freePort(),
    };
    const upstreams = await startUpstreams(options.down ?? []);
    const routes = new RoutesServer(options.routes ?? '{}');
    await routes.start();
    copyDynamicFiles(folder, upstreams);
    const { flags, environment } = traefikService({
      DOMAIN,
      TLS_MODE: 'local',
      HTTP_PORT: String(ports.web),
      HTTPS_PORT: String(ports.websecure),
      ...options.settings,
    });
    const command = flags.map((flag) =>
      flag
        .replace(/(internal\.address=):8081$/, `$1:${ports.internal}`)
        .replace(/(metrics\.address=):8082$/, `$1:${ports.metrics}`)
        .replace('=/etc/traefik/dynamic', `=${folder}/dynamic`)
        .replace('=/acme/', `=${folder}/acme/`)
        .replace('http://dashboard:8081/', `http://127.0.0.1:${routes.port}/`)
        .replace(/(websecure.*readTimeout=).*/, (whole, name: string) =>
          options.readTimeout ? name + options.readTimeout : whole,
        ),
    );
    const client = new Client(readFileSync(files.ca, 'utf8'), ports.websecure);
    const start = () => spawn(binary, command, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    const edge = new Edge({ folder, upstreams, routes, ports, client }, start);
    edge.#hasCertificate = environment['TLS_MODE'] !== 'acme';
    await edge.run();
    return edge;
  }

  /** Starts Traefik (again) and waits until it has its routes. */
  async run(): Promise<void> {
    const process = this.#start();
    for (const stream of [process.stdout, process.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    this.#process = process;
    await this.until('Traefik to have its routes', async () => {
      if (process.exitCode !== null) throw new Error(`Traefik ended: ${this.output.slice(-3000)}`);
      const { body } = await this.metrics('/metrics');
      if (!/traefik_config_reloads_total [1-9]/.test(body)) return false;
      return !this.#hasCertificate || (await this.client.get(`www.${DOMAIN}/`)).status === 301;
    });
  }

  metrics(path: string): Promise<{ status: number; body: string }> {
    return fetch(`http://127.0.0.1:${this.ports.metrics}${path}`).then(async (response) => ({
      status: response.status,
      body: await response.text(),
    }));
  }

  /** Waits for `check` to answer true; an error counts as not yet, but for the end of Traefik. */
  async until(what: string, check: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    let last: unknown;
    while (Date.now() < deadline) {
      try {
        if (await check()) return;
      } catch (error) {
        if (error instanceof Error && error.message.startsWith('Traefik ended')) throw error;
        last = error;
      }
      await sleep(100);
    }
    throw new Error(`Waited ${timeoutMs} ms for ${what}.\n${this.output.slice(-3000)}`, { cause: last });
  }

  /** Writes aside and renames, as whatever changes a watched file has to. */
  writeDynamic(name: string, text: string): void {
    writeFileSync(join(this.folder, `${name}.new`), text);
    renameSync(join(this.folder, `${name}.new`), join(this.folder, 'dynamic', name));
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Lets Traefik write what it keeps (the last lines of the access log). */
  async stopGently(): Promise<void> {
    const process = this.#process;
    const ended = new Promise((resolve) => process?.once('exit', resolve));
    process?.kill('SIGTERM');
    await ended;
  }

  async stopTraefik(): Promise<void> {
    const process = this.#process;
    if (!process || process.exitCode !== null || process.signalCode !== null) return;
    const ended = new Promise((resolve) => process.once('exit', resolve));
    process.kill('SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    await this.stopTraefik();
    await this.routes.stop();
    await Promise.all(Object.values(this.upstreams).map((upstream) => upstream.stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const SERVICE_URL = /http:\/\/([a-z-]+):(\d+)/g;

/** Every service that traefik/dynamic names, `name:port`. */
export function servicesBehind(): string[] {
  const texts = readdirSync(DYNAMIC).map((file) => readFileSync(join(DYNAMIC, file), 'utf8'));
  return [
    ...new Set(texts.flatMap((text) => [...text.matchAll(SERVICE_URL)].map(([, name, port]) => `${name}:${port}`))),
  ];
}

async function startUpstreams(down: string[]): Promise<Record<string, Upstream>> {
  const names = servicesBehind().map((address) => address.split(':')[0] ?? '');
  const upstreams = Object.fromEntries(names.map((name) => [name, new Upstream(name)]));
  for (const [name, upstream] of Object.entries(upstreams)) {
    if (down.includes(name)) upstream.port = await freePort();
    else await upstream.start();
  }
  return upstreams;
}

function copyDynamicFiles(folder: string, upstreams: Record<string, Upstream>): void {
  cpSync(DYNAMIC, join(folder, 'dynamic'), { recursive: true });
  for (const file of readdirSync(join(folder, 'dynamic'))) {
    const path = join(folder, 'dynamic', file);
    const text = readFileSync(path, 'utf8')
      .replace(SERVICE_URL, (_, name: string) => `http://127.0.0.1:${upstreams[name]?.port}`)
      .replaceAll('/run/tls/', `${folder}/`)
      .replaceAll('/run/secrets/', `${folder}/secrets/`);
    writeFileSync(path, text);
  }
}
