import { folder, project } from './setting.ts';
import { output, run } from './shell.ts';

export interface Container {
  Id: string;
  Image: string;
  RestartCount: number;
  Config: { Labels: Record<string, string>; Image: string };
  State: {
    Status: string;
    Running: boolean;
    ExitCode: number;
    OOMKilled: boolean;
    Pid: number;
    StartedAt: string;
    Health?: { Status: string };
  };
  HostConfig: { Memory: number; NetworkMode: string };
  NetworkSettings: {
    Networks: Record<string, { IPAddress: string; Gateway: string }>;
    Ports: Record<string, { HostIp: string; HostPort: string }[] | null>;
  };
}

export const docker = (...args: string[]) => output('docker', args);
/** In the installation's folder, where its .env says the rest. */
export const compose = (...args: string[]) => output('docker', ['compose', ...args], { cwd: folder });
export const composeRun = (...args: string[]) => run('docker', ['compose', ...args], { cwd: folder });

/** The containers of this run's stack, by service; one-offs of `docker compose run` left out. */
export async function containers(): Promise<Map<string, Container>> {
  const ids = await docker('ps', '-aq', '--no-trunc', '--filter', `label=com.docker.compose.project=${project}`);
  const list = ids.split('\n').filter(Boolean);
  if (list.length === 0) return new Map();
  const inspected = await run('docker', ['inspect', '--type', 'container', ...list]);
  const all = JSON.parse(inspected.output.slice(0, inspected.output.lastIndexOf(']') + 1)) as Container[];
  return new Map(
    all
      .filter(({ Config }) => Config.Labels['com.docker.compose.oneoff'] === 'False')
      .map((one) => [one.Config.Labels['com.docker.compose.service'] ?? '', one]),
  );
}

export async function container(service: string): Promise<Container> {
  const found = (await containers()).get(service);
  if (!found) throw new Error(`${service} has no container`);
  return found;
}

export async function addressOf(service: string): Promise<string> {
  const { NetworkSettings } = await container(service);
  const address = Object.values(NetworkSettings.Networks).find(({ IPAddress }) => IPAddress !== '')?.IPAddress;
  if (address === undefined) throw new Error(`${service} has no address`);
  return address;
}

/** A service that runs is well when its healthcheck says so or it has none; a one-shot when it ended well. */
const isWell = ({ State }: Container) =>
  State.Running ? (State.Health?.Status ?? 'healthy') === 'healthy' : State.Status === 'exited' && State.ExitCode === 0;

/** What keeps a service from being well; empty when nothing does. */
export function complaints(all: Map<string, Container>): string[] {
  return [...all]
    .filter(([, one]) => !isWell(one))
    .map(([service, { State }]) =>
      State.Running ? `${service}: ${State.Health?.Status}` : `${service}: ${State.Status} (${State.ExitCode})`,
    );
}

/** Waits until nothing is to complain about, and says how long it took. */
export async function healthy(what: string, timeoutMs = 300_000): Promise<number> {
  const from = Date.now();
  for (;;) {
    const wrong = complaints(await containers());
    if (wrong.length === 0) return Date.now() - from;
    if (Date.now() - from > timeoutMs) {
      await tellState();
      throw new Error(`${what}: not healthy after ${timeoutMs / 1000} s: ${wrong.join(', ')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

/** For whoever reads a failure: what runs, what it uses, and the last words of what is not well. */
export async function tellState(): Promise<void> {
  const all = await containers();
  const parts = [
    await docker(
      'ps',
      '-a',
      '--filter',
      `label=com.docker.compose.project=${project}`,
      '--format',
      'table {{.Names}}\t{{.Status}}',
    ),
    (await run('docker', ['stats', '--no-stream', '--format', 'table {{.Name}}\t{{.MemUsage}}\t{{.CPUPerc}}'])).output,
  ];
  for (const [service, one] of all) {
    if (isWell(one)) continue;
    const { Id, State } = one;
    const logs = await run('docker', ['logs', '--tail', '40', Id]);
    parts.push(`--- ${service}, ${State.Status}, ${State.Health?.Status ?? ''}\n${logs.output}`);
  }
  process.stderr.write(`${parts.join('\n')}\n`);
}
