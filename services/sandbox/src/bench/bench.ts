import { Checkpoints } from './faults.ts';
import { BenchFolder } from './folder.ts';

const BAR_WIDTH = 40;

/** One run of the command: where it works, what it prints, how fast. */
export class Bench {
  readonly folder: BenchFolder;
  readonly checkpoints: Checkpoints;
  readonly #write: (text: string) => void;

  constructor(options: { sitesDir: string; stepMs: number; write: (text: string) => void }) {
    this.folder = new BenchFolder(options.sitesDir);
    this.checkpoints = new Checkpoints(options.sitesDir, options.stepMs);
    this.#write = options.write;
  }

  print(line: string): void {
    this.#write(`${line}\n`);
  }

  /** Redraws one line, as the real one does on a terminal and off it. */
  progress(label: string, share: number): void {
    const filled = Math.round(BAR_WIDTH * share);
    const bar = `${'='.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}`;
    this.#write(`\r${label.padEnd(30)}: [${bar}] ${Math.round(share * 100)}%`);
  }
}
