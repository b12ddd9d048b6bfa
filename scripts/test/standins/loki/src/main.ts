import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';

interface Push {
  streams: {
    stream: Record<string, string>;
    values: [timestampNs: string, line: string, metadata?: Record<string, string>][];
  }[];
}
interface Line {
  labels: Record<string, string>;
  timestampNs: string;
  line: string;
}

const MAX_LINES = 20_000;
const config = process.argv.find((argument) => argument.startsWith('-config.file='))?.split('=')[1];
if (config === undefined) throw new Error('-config.file is missing');
readFileSync(config, 'utf8');
writeFileSync('/loki/alive', '');

const lines: Line[] = [];
let received = 0;

createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://loki');
  const json = (body: unknown) => response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  if (url.pathname === '/ready') response.end('ready\n');
  else if (url.pathname === '/metrics')
    response.end(
      `# TYPE loki_build_info gauge\nloki_build_info{version="standin"} 1\n# TYPE loki_distributor_lines_received_total counter\nloki_distributor_lines_received_total ${received}\n`,
    );
  else if (url.pathname === '/loki/api/v1/push' && request.method === 'POST')
    void readJson(request).then(
      (body) => {
        store(body as Push);
        response.writeHead(204).end();
      },
      () => response.writeHead(400).end(),
    );
  else if (url.pathname === '/loki/api/v1/query_range')
    json({ status: 'success', data: query(url.searchParams.get('query') ?? '') });
  else response.writeHead(404).end();
}).listen(3100, '0.0.0.0');
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));

function store({ streams }: Push): void {
  for (const { stream, values } of streams)
    for (const [timestampNs, line] of values) {
      received += 1;
      lines.push({ labels: stream, timestampNs, line });
    }
  if (lines.length > MAX_LINES) lines.splice(0, lines.length - MAX_LINES);
}

/** `{label="value", …} |= "text"`, nothing more. */
function query(expression: string) {
  const selectors = [...expression.matchAll(/(\w+)="([^"]*)"/g)];
  const texts = [...expression.matchAll(/\|= "([^"]*)"/g)].map(([, text = '']) => text);
  const found = lines.filter(
    ({ labels, line }) =>
      selectors.every(([, name = '', value]) => labels[name] === value) && texts.every((text) => line.includes(text)),
  );
  return {
    resultType: 'streams',
    result: found.map(({ labels, timestampNs, line }) => ({ stream: labels, values: [[timestampNs, line]] })),
  };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
}
