/** Frappe's socketio.js: a port that answers. */
import { createServer } from 'node:http';

createServer((_request, response) => response.writeHead(400).end('{"code":0,"message":"Transport unknown"}')).listen(
  9000,
  '0.0.0.0',
);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
