/**
 * Runs beside the tests and notes, every two seconds, what each service uses: its highest, its last, and whether the kernel
 * ever killed something in it. A container that is made anew adds to its service's line.
 */
import { execFileSync, spawn } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { usageOf } from './memory.ts';

export interface Sample {
  limitMib: number;
  peakMib: number;
  lastMib: number;
  oomKills: number;
}

const { STACK_PROJECT: project = '', STACK_RUN: runFolder = '' } = process.env;
const samples: Record<string, Sample> = {};
const killsOf = new Map<string, number>();
const limits = new Map<string, number>();
const filter = `label=com.docker.compose.project=${project}`;

// A container whose first process is killed goes with its counters before anybody reads them: Docker saw it.
const events = spawn(
  'docker',
  [
    ...['events', '--filter', 'event=oom', '--filter', filter],
    ...['--format', '{{index .Actor.Attributes "com.docker.compose.service"}}'],
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const oomsOf = new Map<string, number>();
createInterface({ input: events.stdout }).on('line', (service) => oomsOf.set(service, (oomsOf.get(service) ?? 0) + 1));
process.on('SIGTERM', () => {
  events.kill();
  process.exit();
});

function limitOf(id: string): number {
  const known = limits.get(id);
  if (known !== undefined) return known;
  const limit =
    Number(execFileSync('docker', ['inspect', '-f', '{{.HostConfig.Memory}}', id], { encoding: 'utf8' })) / 2 ** 20;
  limits.set(id, limit);
  return limit;
}

function look(): void {
  const format = '{{.ID}} {{.Label "com.docker.compose.service"}}';
  const lines = execFileSync('docker', ['ps', '--no-trunc', '--filter', filter, '--format', format], {
    encoding: 'utf8',
  });
  for (const line of lines.split('\n').filter(Boolean)) {
    const [id = '', service = ''] = line.split(' ');
    const usage = usageOf(id);
    if (!usage) continue;
    const before = samples[service] ?? { limitMib: 0, peakMib: 0, lastMib: 0, oomKills: 0 };
    // A container that was started again counts from 0.
    const newKills = Math.max(0, usage.oomKills - (killsOf.get(id) ?? 0));
    killsOf.set(id, usage.oomKills);
    samples[service] = {
      limitMib: limitOf(id),
      peakMib: Math.max(before.peakMib, usage.workingMib),
      lastMib: usage.workingMib,
      oomKills: before.oomKills + newKills,
    };
  }
  for (const [service, ooms] of oomsOf) {
    const sample = samples[service];
    if (sample) sample.oomKills = Math.max(sample.oomKills, ooms);
    else samples[service] = { limitMib: 0, peakMib: 0, lastMib: 0, oomKills: ooms };
  }
  writeFileSync(`${runFolder}/memory.json.new`, JSON.stringify(samples));
  renameSync(`${runFolder}/memory.json.new`, `${runFolder}/memory.json`);
}

setInterval(() => {
  try {
    look();
  } catch {
    // A container that went away between two looks.
  }
}, 2000);
