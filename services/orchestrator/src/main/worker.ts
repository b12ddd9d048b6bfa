import { run } from './run.ts';
import { startWorker } from './start-worker.ts';

await run('worker', startWorker);
