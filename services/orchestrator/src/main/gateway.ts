import '#core/process/quick-ticks.ts';
import '#core/process/heap-room.ts';
import { run } from './run.ts';
import { startGateway } from './start-gateway.ts';

await run('gateway', (app) => startGateway(app));
