/** `alloy run …`: port 12345 with readiness, its own metrics and those of its components. */
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { startExporters } from './exporters.ts';
import { shipLogs, shipped } from './logs.ts';

const [command, ...options] = process.argv.slice(2);
if (command !== 'run') throw new Error(`alloy stand-in: ${command} is not known`);
const config = options.find((option) => !option.startsWith('-'));
if (config === undefined) throw new Error('alloy run: no configuration file');
readFileSync(config, 'utf8');
const dataDir = options.find((option) => option.startsWith('--storage.path='))?.split('=')[1] ?? '/tmp';

const exporters = startExporters(dataDir);
void shipLogs();

createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://alloy');
  const component = /^\/api\/v0\/component\/([^/]+)\/metrics$/.exec(url.pathname)?.[1];
  const exporter = component === undefined ? undefined : exporters.get(component);
  if (url.pathname === '/-/ready') response.end('Alloy is ready.\n');
  else if (url.pathname === '/metrics') response.end(ownMetrics());
  else if (exporter) void pass(exporter, url.search, response);
  else response.writeHead(404).end();
}).listen(12_345, '0.0.0.0');
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));

const ownMetrics = () =>
  [
    '# TYPE alloy_build_info gauge',
    'alloy_build_info{version="standin"} 1',
    '# TYPE loki_write_sent_entries_total counter',
    `loki_write_sent_entries_total ${shipped.lines}`,
    '',
  ].join('\n');

async function pass(exporter: URL, search: string, response: ServerResponse): Promise<void> {
  try {
    const answer = await fetch(new URL(search, exporter), { signal: AbortSignal.timeout(14_000) });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
    response.end(await answer.text());
  } catch {
    response.writeHead(503).end();
  }
}
