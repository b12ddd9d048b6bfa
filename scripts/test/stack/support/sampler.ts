/**
 * Runs beside the tests and notes, every two seconds, what each service uses: its highest, its last, and whether the kernel
 * ever killed something in it. A container that is made anew adds to its service's line.
 */
import { execFileSync } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
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
  const filter = `label=com.docker.compose.project=${project}`;
  const lines = execFileSync('docker', ['ps', '--no-trunc', '--filter', filter, '--format', format], {
    encoding: 'utf8',
  });
  for (const line of lines.split('\n').filter(Boolean)) {
    const [id = '', service = ''] = line.split(' ');
    const usage = usageOf(id);
    if (!usage) continue;
    const before = samples[service] ?? { limitMib: 0, peakMib: 0, lastMib: 0, oomKills: 0 };
    const newKills = usage.oomKills - (killsOf.get(id) ?? 0);
    killsOf.set(id, usage.oomKills);
    samples[service] = {
      limitMib: limitOf(id),
      peakMib: Math.max(before.peakMib, usage.workingMib),
      lastMib: usage.workingMib,
      oomKills: before.oomKills + newKills,
    };
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
