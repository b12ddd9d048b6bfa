/** Refuses to start where Grafana would: an unreadable secret, a dashboard that is no JSON, a data folder it may not write. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

const version = '13.0.0-standin';

for (const [name, file] of Object.entries(process.env))
  if (/^GF_.*__FILE$/.test(name) && file) readFileSync(file, 'utf8');
const home = process.env['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'];
if (home !== undefined) JSON.parse(readFileSync(home, 'utf8'));
for (const file of filesBelow('/etc/grafana')) {
  const text = readFileSync(file, 'utf8');
  if (file.endsWith('.json')) JSON.parse(text);
}
writeFileSync('/var/lib/grafana/grafana.db', '');

createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://grafana');
  if (pathname === '/metrics')
    response.end(`# TYPE grafana_build_info gauge\ngrafana_build_info{version="${version}"} 1\n`);
  else if (pathname === '/api/health')
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ database: 'ok', version }));
  else if (pathname === '/login') response.setHeader('content-type', 'text/html').end('<title>Grafana</title>');
  else response.writeHead(302, { location: '/login' }).end();
}).listen(3000, '0.0.0.0');
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`);
}
