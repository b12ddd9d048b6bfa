import { spawnSync } from 'node:child_process';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';

// Run once while the image is built: whatever is imported here is stripped of its types and compiled into
// NODE_COMPILE_CACHE, so that no start of a process in a small container has to do it again.
await Promise.all([
  import('./run.ts'),
  import('./start-api.ts'),
  import('./start-worker.ts'),
  import('./start-gateway.ts'),
  import('#modules/llm/tokenizer/worker.ts'),
  import('./setup/steps.ts'),
]);
flushCompileCache();

// The files that are started themselves: one that is not there in its compiled form costs its process 20 MB for good,
// those of Node's compiler of types. They cannot be imported; without a configuration they end as soon as they are compiled.
// eslint-disable-next-line no-restricted-properties -- Node's own, and nothing of the product's
const { NODE_COMPILE_CACHE } = process.env;
for (const name of ['api', 'worker', 'gateway']) {
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${name}.ts`)], {
    env: { NODE_COMPILE_CACHE },
  });
  if (status !== 78) throw new Error(`${name} ended with ${status} instead of asking for its configuration`);
}
// The modules open nothing by being imported, but some keep a timer.
process.exit(0);
