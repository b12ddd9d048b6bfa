import { execFile } from 'node:child_process';
import { type Block, blocks } from '../../../../scripts/test/documents.ts';
import { inherited, repositoryPath } from './processes.ts';

const RUN_MS = 60_000;
/** As it is typed, but a refusal fails and progress is not shown. */
const CURL = 'curl() { command curl --silent --show-error --fail-with-body "$@"; }';

/** The samples of a guide in these languages; what cannot be run says so right above it (scripts/test/documents.ts). */
export const samplesOf = (document: string, ...languages: string[]): Block[] =>
  blocks(document).filter(({ language, notRun }) => languages.includes(language) && notRun === undefined);

interface Surroundings {
  env: Record<string, string>;
  /** Where it is typed; left out, where Node.js finds OpenAI's client. */
  cwd?: string;
  /** One that has OpenAI's client. */
  python?: string;
}

/** What a sample prints; rejects with what it complained about. */
export function runSample({ language, text }: Block, { env, cwd, python = '' }: Surroundings): Promise<string> {
  const [file, ...args] = {
    sh: ['bash', '-euo', 'pipefail', '-s'],
    js: [process.execPath, '--input-type=module', '-'],
    python: [python, '-'],
  }[language] ?? [''];
  return new Promise((resolve, reject) => {
    const options = {
      cwd: cwd ?? repositoryPath('services/orchestrator'),
      env: { ...inherited(), ...env },
      timeout: RUN_MS,
    };
    const child = execFile(file ?? '', args, options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${text}\n${stdout}\n${stderr}`, { cause: error }));
      else resolve(stdout);
    });
    child.stdin?.end(language === 'sh' ? `${CURL}\n${text}` : text);
  });
}
