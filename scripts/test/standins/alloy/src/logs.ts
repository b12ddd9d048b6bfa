/** Ships the logs of the project's containers, asked for through the filtered socket every few seconds. */
import { request } from 'node:http';

interface Container {
  Id: string;
  Labels: Record<string, string>;
}

const PROXY = 'http://socket-proxy:2375';
const project = process.env['COMPOSE_PROJECT_NAME'] ?? 'bastide';
/** Up to when a container's lines were shipped. */
const shippedUntil = new Map<string, string>();
export const shipped = { lines: 0, failures: 0 };

export async function shipLogs(): Promise<void> {
  try {
    for (const container of await containers()) await ship(container);
  } catch {
    shipped.failures += 1;
  }
  setTimeout(() => void shipLogs(), 5000);
}

async function containers(): Promise<Container[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`com.docker.compose.project=${project}`] }));
  return JSON.parse((await get(`${PROXY}/containers/json?filters=${filters}`)).toString()) as Container[];
}

async function ship({ Id, Labels }: Container): Promise<void> {
  const service = Labels['com.docker.compose.service'] ?? 'unknown';
  const since = shippedUntil.get(Id) ?? String(Math.floor(Date.now() / 1000) - 60);
  const raw = await get(`${PROXY}/containers/${Id}/logs?stdout=1&stderr=1&timestamps=1&tail=500&since=${since}`);
  const lines = frames(raw).map((line) => {
    const space = line.indexOf(' ');
    return { at: line.slice(0, space), text: line.slice(space + 1) };
  });
  const last = lines.at(-1);
  if (last === undefined) return;
  const values = lines.map(({ at, text }) => [nanoseconds(at), text]);
  const response = await fetch('http://loki:3100/loki/api/v1/push', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ streams: [{ stream: { service }, values }] }),
  });
  if (!response.ok) throw new Error(`Loki answered ${response.status}`);
  shipped.lines += values.length;
  const ns = BigInt(nanoseconds(last.at)) + 1n;
  shippedUntil.set(Id, `${ns / 1_000_000_000n}.${String(ns % 1_000_000_000n).padStart(9, '0')}`);
}

/** Docker's framing: one byte of stream, three of nothing, four of length. */
function frames(raw: Buffer): string[] {
  const parts: string[] = [];
  for (let at = 0; at + 8 <= raw.length;) {
    const length = raw.readUInt32BE(at + 4);
    parts.push(raw.toString('utf8', at + 8, at + 8 + length));
    at += 8 + length;
  }
  return parts.join('').split('\n').filter(Boolean);
}

function nanoseconds(timestamp: string): string {
  const [seconds = '', fraction = ''] = timestamp.replace('Z', '').split('.');
  return `${BigInt(Date.parse(`${seconds}Z`)) / 1000n}${fraction.padEnd(9, '0')}`;
}

function get(url: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    request(url, { timeout: 10_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        response.statusCode === 200
          ? resolve(Buffer.concat(chunks))
          : reject(new Error(`${url}: ${response.statusCode}`)),
      );
    })
      .on('timeout', () => reject(new Error(`${url}: no answer`)))
      .on('error', reject)
      .end();
  });
}
