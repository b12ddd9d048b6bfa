import { flushCompileCache } from 'node:module';

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
// The modules open nothing by being imported, but some keep a timer.
process.exit(0);
