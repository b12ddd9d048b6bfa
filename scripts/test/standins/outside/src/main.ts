/** The sandbox, and a receiver of webhooks: POST keeps a body under its path, GET lists them. */
import { createServer } from 'node:http';

await import('../../../../../services/sandbox/src/main.ts');

const received: { path: string; at: string; body: unknown }[] = [];

createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://receiver');
  if (request.method !== 'POST') {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(received.filter(({ path }) => pathname === '/' || path === pathname)));
    return;
  }
  let text = '';
  request.setEncoding('utf8');
  request.on('data', (chunk: string) => (text += chunk));
  request.on('end', () => {
    received.push({ path: pathname, at: new Date().toISOString(), body: parsed(text) });
    response.end();
  });
}).listen(Number(process.env['OUTSIDE_WEBHOOKS_PORT']), '0.0.0.0');

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
