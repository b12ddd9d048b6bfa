/** gunicorn's place: the sites of the bench, by Host header, from their real databases. */
import { createServer } from 'node:http';
import { Clock } from '../../../../../services/sandbox/src/kernel/clock.ts';
import { Faults } from '../../../../../services/sandbox/src/kernel/faults.ts';
import { RequestLog } from '../../../../../services/sandbox/src/kernel/request-log.ts';
import { createSites } from '../../../../../services/sandbox/src/sites/sites.ts';

const sites = createSites(
  { clock: new Clock(), faults: new Faults(), log: new RequestLog() },
  { sitesDir: '/home/frappe/frappe-bench/sites' },
);
createServer(sites.handler).listen(8000, '0.0.0.0');
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
