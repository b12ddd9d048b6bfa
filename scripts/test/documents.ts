import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** A fenced block of a guide. `sh` blocks are what the reader types in the installation's folder. */
export interface Block {
  document: string;
  line: number;
  language: string;
  text: string;
  /** Said right above it as `<!-- not run: reason -->`. */
  notRun?: string;
}

/** The guides whose `sh` blocks are typed on a server; the stack test runs them. */
export const OPERATORS_GUIDES = [
  'docs/install.md',
  'docs/configure.md',
  'docs/upgrade.md',
  'docs/backup.md',
  'docs/troubleshooting.md',
  'docs/runbook.md',
  'docs/monitoring.md',
  'docs/security.md',
  'docs/sizing.md',
];

export function documents(): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return listed.split('\n').filter(Boolean);
}

export function blocks(document: string): Block[] {
  const lines = readFileSync(join(ROOT, document), 'utf8').split('\n');
  const found: Block[] = [];
  let open: Block | undefined;
  lines.forEach((line, index) => {
    const fence = /^\s*```(\w*)\s*$/.exec(line);
    if (fence && open) {
      found.push(open);
      open = undefined;
    } else if (fence) {
      const above = lines.slice(0, index).findLast((one) => one.trim() !== '') ?? '';
      const reason = /^\s*<!-- not run: (.+) -->$/.exec(above)?.[1];
      open = { document, line: index + 1, language: fence[1] ?? '', text: '', ...(reason && { notRun: reason }) };
    } else if (open) open.text += `${line}\n`;
  });
  return found;
}
