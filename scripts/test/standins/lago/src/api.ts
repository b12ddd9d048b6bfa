/** `./scripts/start.api.sh`: Lago's API on port 3000. Port 3099 shows its state to the tests; nothing routes there. */
import { createServer } from 'node:http';
import { deserialize, serialize } from 'node:v8';
import { Clock } from '../../../../../services/sandbox/src/kernel/clock.ts';
import { Faults } from '../../../../../services/sandbox/src/kernel/faults.ts';
import { RequestLog } from '../../../../../services/sandbox/src/kernel/request-log.ts';
import { createLago } from '../../../../../services/sandbox/src/lago/lago.ts';
import type { Rows } from '../../../../../services/sandbox/src/lago/organization.ts';
import { Psql } from './psql.ts';

const { DATABASE_URL = '', LAGO_API_URL = 'http://localhost:3000' } = process.env;
const psql = new Psql(DATABASE_URL);

const [found] = await psql.run(
  "select id, api_key, hmac_key, translate(encode(rows, 'base64'), E'\\n', '') from organizations",
);
if (found === undefined) throw new Error('There is no organisation: scripts/migrate.sh has not run');
const [organizationId = '', apiKey = '', hmacKey = '', stored = ''] = found.split('|');

let last = stored;
const lago = createLago(
  { clock: new Clock(), faults: new Faults(), log: new RequestLog() },
  {
    apiKey,
    hmacKey,
    apiUrl: LAGO_API_URL,
    store: {
      organizationId,
      rows: stored === '' ? undefined : (deserialize(Buffer.from(stored, 'base64')) as Rows),
      save: async (rows) => {
        const now = serialize(rows).toString('base64');
        if (now === last) return;
        await psql.run(`update organizations set rows = decode('${now}', 'base64')`);
        last = now;
      },
    },
  },
);

const api = createServer(lago.handler).listen(3000, '0.0.0.0');
api.keepAliveTimeout = 120_000;
createServer((_request, response) => response.end(JSON.stringify(lago.state()))).listen(3099, '0.0.0.0');
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
process.stdout.write(`Lago stand-in, organisation ${organizationId}\n`);
