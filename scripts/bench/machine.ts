import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/** The gateway under test has a core to itself; the load, the upstream and the stores share the rest. */
export interface Cores {
  gateway: string;
  others: string;
}

const TICKS_PER_S = 100;

/** Moves this process, and what it starts from now on, off the gateway's core. */
export function takeCores(): Cores {
  const allowed = listOf(/Cpus_allowed_list:\s*(\S+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '');
  const [gateway, ...others] = allowed;
  if (gateway === undefined || others.length === 0)
    throw new Error('The benchmark needs two cores: one for the gateway under test, one for everything else.');
  const cores = { gateway: String(gateway), others: others.join(',') };
  execFileSync('taskset', ['-a', '-c', '-p', cores.others, String(process.pid)], { stdio: 'ignore' });
  return cores;
}

/** `0-2,5` as numbers. */
function listOf(ranges: string): number[] {
  return ranges.split(',').flatMap((range) => {
    const [from = 0, to = from] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

/** Time at work so far. */
export interface Usage {
  /** Of the candidate's process, user and system, all of its threads. */
  ownMs: number;
  /** Of the core that the candidate has, whoever was at work on it. */
  coreMs: number;
  /** Of the other cores, on average. */
  othersMs: number;
}

export function usageOf(pid: number | undefined, cores: Cores): Usage {
  const stat = readFileSync('/proc/stat', 'utf8');
  const others = cores.others.split(',').map((core) => busyMs(stat, core));
  return {
    ownMs: pid === undefined ? 0 : cpuMs(pid),
    coreMs: busyMs(stat, cores.gateway),
    othersMs: others.reduce((sum, ms) => sum + ms, 0) / others.length,
  };
}

function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field, the program's name, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_S;
}

/** What the machine below takes for others counts as well: the core was not free. */
function busyMs(stat: string, core: string): number {
  const fields = new RegExp(`^cpu${core} (.+)$`, 'm').exec(stat)?.[1]?.split(' ').map(Number) ?? [];
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] = fields;
  return ((user + nice + system + irq + softIrq + steal) * 1000) / TICKS_PER_S;
}

export const rssMb = (pid: number): number => statusKb(pid, 'VmRSS') / 1024;
export const peakRssMb = (pid: number): number => statusKb(pid, 'VmHWM') / 1024;
export const openFiles = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

function statusKb(pid: number, name: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
}

/** What a reader must know to compare: nothing that names the machine. */
export function machineFacts(): { cpu: string; cores: number; memoryGb: number; kernel: string } {
  const cpu = /^model name\s*:\s*(.+)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown';
  const cores = readFileSync('/proc/stat', 'utf8').match(/^cpu\d/gm)?.length ?? 0;
  const totalKb = Number(/^MemTotal:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]);
  const kernel = readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim().split('-')[0] ?? '';
  return { cpu, cores, memoryGb: Math.round(totalKb / 1024 / 1024), kernel };
}
