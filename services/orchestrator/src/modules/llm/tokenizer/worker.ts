import { parentPort } from 'node:worker_threads';
import { encodingOf } from './encodings.ts';
import type { Counted, Job } from './job.ts';

/** The thread that counts. A text that cannot be counted ends it, and the rule is applied instead. */
parentPort?.on('message', ({ id, encoding: name, texts }: Job) => {
  const encoding = encodingOf(name);
  parentPort?.postMessage({ id, tokens: texts.map((text) => encoding.count(text)) } satisfies Counted);
});
