/** `./scripts/start.worker.sh`: Sidekiq's health port. It is well while PostgreSQL and Valkey are; the API's process does its work. */
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { Psql } from './psql.ts';

const { DATABASE_URL = '', REDIS_URL = '' } = process.env;
const psql = new Psql(DATABASE_URL);
const redis = new URL(REDIS_URL);

const valkeyAnswers = () =>
  new Promise<boolean>((resolve) => {
    const socket = connect(Number(redis.port || 6379), redis.hostname);
    const password = decodeURIComponent(redis.password);
    socket.setTimeout(3000, () => socket.destroy());
    socket.once('connect', () => socket.write(`${password && `AUTH ${password}\r\n`}PING\r\n`));
    let answer = '';
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
      if (answer.includes('+PONG')) {
        resolve(true);
        socket.destroy();
      }
    });
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(false));
  });

createServer((_request, response) => {
  Promise.all([psql.run('select 1'), valkeyAnswers()]).then(
    ([, isUp]) => response.writeHead(isUp ? 200 : 503).end(),
    () => response.writeHead(503).end(),
  );
}).listen(8080, '0.0.0.0');
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
