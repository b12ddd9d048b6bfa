/** What containers use, from their cgroups: both hierarchies of them. */
import { existsSync, readFileSync } from 'node:fs';

const MIB = 2 ** 20;

export interface Usage {
  /** Without the file cache that the kernel may drop at any time. */
  workingMib: number;
  oomKills: number;
}

const number = (file: string) => Number(readFileSync(file, 'utf8').trim());
const field = (file: string, name: string) =>
  Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(readFileSync(file, 'utf8'))?.[1] ?? 0);

export function usageOf(containerId: string): Usage | undefined {
  const v1 = `/sys/fs/cgroup/memory/docker/${containerId}`;
  if (existsSync(v1))
    return {
      workingMib: (number(`${v1}/memory.usage_in_bytes`) - field(`${v1}/memory.stat`, 'total_inactive_file')) / MIB,
      oomKills: field(`${v1}/memory.oom_control`, 'oom_kill'),
    };
  const v2 = [`/sys/fs/cgroup/system.slice/docker-${containerId}.scope`, `/sys/fs/cgroup/docker/${containerId}`].find(
    (path) => existsSync(path),
  );
  if (v2 === undefined) return undefined;
  return {
    workingMib: (number(`${v2}/memory.current`) - field(`${v2}/memory.stat`, 'inactive_file')) / MIB,
    oomKills: field(`${v2}/memory.events`, 'oom_kill'),
  };
}
