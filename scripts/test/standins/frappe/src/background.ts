/** `bench worker` and `bench schedule`: hold a connection to the queue of common_site_config.json, and end when it is lost for good. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

interface Common {
  redis_queue?: string;
}

const { redis_queue: url } = JSON.parse(
  readFileSync('/home/frappe/frappe-bench/sites/common_site_config.json', 'utf8'),
) as Common;
if (url === undefined) throw new Error('common_site_config.json names no redis_queue');
const { hostname, port, username, password } = new URL(url);
const login = [username, password].filter(Boolean).map(decodeURIComponent).join(' ');
let misses = 0;

function ping(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(port || 6379), hostname, () =>
      socket.write(`${login && `AUTH ${login}\r\n`}PING\r\n`),
    );
    let answer = '';
    socket.setTimeout(5000, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
      if (/\+PONG|-/.test(answer)) socket.destroy();
    });
    socket.once('close', () => resolve(answer.includes('+PONG')));
  });
}

async function watch(): Promise<void> {
  misses = (await ping()) ? 0 : misses + 1;
  if (misses > 6) {
    process.stderr.write(`${hostname} has not answered for a minute\n`);
    process.exit(1);
  }
  setTimeout(() => void watch(), 10_000);
}

void watch();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
