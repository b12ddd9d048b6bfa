import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../services/bench-runner/test/support/free-port.ts';
import { type Candidate, type Name, type Upstream, direct } from './candidates.ts';
import type { Cores } from './machine.ts';
import { environment, start } from './processes.ts';

const FOLDER = join(import.meta.dirname, 'peers/portkey');
const INSTALLED = join(FOLDER, 'node_modules/.package-lock.json');
/** The Node of its image, node:20-alpine by its Dockerfile at v1.15.2, as a package of npm's. */
const SHIPPED_NODE = `node-linux-${process.arch}`;

/** Twice: as its makers ship it, and on our Node. With the options that they start it with: none for Node. */
export async function startPortkeys(upstream: Upstream, cores: Cores): Promise<Candidate[]> {
  install();
  return [
    await startPortkey('portkeyShipped', join(FOLDER, 'node_modules', SHIPPED_NODE, 'bin/node'), upstream, cores),
    await startPortkey('portkeySame', process.execPath, upstream, cores),
  ];
}

export function portkeyVersions(): { portkey: string; node: string } {
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(FOLDER, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
    optionalDependencies: Record<string, string>;
  };
  return {
    portkey: dependencies['@portkey-ai/gateway'] ?? '',
    node: optionalDependencies[SHIPPED_NODE] ?? '',
  };
}

/** At the first use, and when what is locked has changed: it is nobody's dependency but this program's. */
function install(): void {
  const locked = join(FOLDER, 'package-lock.json');
  if (existsSync(INSTALLED) && statSync(INSTALLED).mtimeMs >= statSync(locked).mtimeMs) return;
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: FOLDER,
    env: environment,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function startPortkey(name: Name, node: string, upstream: Upstream, cores: Cores): Promise<Candidate> {
  const port = await freePort();
  const running = await start(
    {
      name: 'Portkey',
      command: [node, 'node_modules/@portkey-ai/gateway/build/start-server.js', `--port=${port}`, '--headless'],
      cwd: FOLDER,
      isReady: (line) => line.includes('Ready for connections'),
    },
    cores.gateway,
  );
  const headers = {
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `http://127.0.0.1:${upstream.port}/v1`,
  };
  return { ...direct(upstream, cores), name, port, pid: running.pid, headers };
}
