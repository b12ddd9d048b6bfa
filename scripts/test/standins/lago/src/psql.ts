import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** One psql kept open: a statement ends with its answer's last line, or with the process. */
export class Psql {
  readonly #url: string;
  #process: ChildProcessWithoutNullStreams | undefined;
  #waiting: { lines: string[]; resolve(lines: string[]): void; reject(error: Error): void } | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(url: string) {
    // libpq knows no parameter search_path, which Rails takes.
    this.#url = url.replace(/\?.*$/, '');
  }

  /** Statements run one after another; the answer is the lines of `psql -At`. */
  run(sql: string): Promise<string[]> {
    const turn = this.#last.then(() => this.#send(sql));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  #send(sql: string): Promise<string[]> {
    const psql = (this.#process ??= this.#start());
    return new Promise((resolve, reject) => {
      this.#waiting = { lines: [], resolve, reject };
      psql.stdin.write(`${sql};\n\\echo --end--\n`);
    });
  }

  #start(): ChildProcessWithoutNullStreams {
    const psql = spawn('psql', ['-XqAt', '-v', 'ON_ERROR_STOP=1', this.#url]);
    const complaint: string[] = [];
    psql.stderr.on('data', (chunk: Buffer) => complaint.push(chunk.toString()));
    psql.stdin.on('error', () => undefined);
    createInterface(psql.stdout).on('line', (line) => {
      const waiting = this.#waiting;
      if (line !== '--end--') waiting?.lines.push(line);
      else {
        this.#waiting = undefined;
        waiting?.resolve(waiting.lines);
      }
    });
    psql.on('close', () => {
      this.#process = undefined;
      this.#waiting?.reject(new Error(`PostgreSQL: ${complaint.join('').trim() || 'connection lost'}`));
      this.#waiting = undefined;
    });
    return psql;
  }
}
