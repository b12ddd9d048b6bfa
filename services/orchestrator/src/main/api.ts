import { run } from './run.ts';
import { startApi } from './start-api.ts';

await run('api', startApi);
