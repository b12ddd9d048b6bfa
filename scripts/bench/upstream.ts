/**
 * The provider that every candidate is measured against: answers at once or after a set time, streams at a set pace, and
 * counts who left before the end. A process of its own; prints its port.
 */
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ANSWER, CHUNKS, EVENT, STREAM_END, USAGE_EVENT } from './wire.ts';

interface Pace {
  /** Before an answer or the first event of a stream. */
  delayMs: number;
  /** Between two events. */
  gapMs: number;
}

const pace: Pace = { delayMs: 0, gapMs: 5 };
const seen = { requests: 0, streams: 0, completedStreams: 0, leftStreams: 0 };

const IS_STREAM = Buffer.from('"stream":true');
const WANTS_USAGE = Buffer.from('"include_usage":true');

const server = createServer((request, response) => {
  if (request.url === '/pace') return void setPace(request, response);
  if (request.url === '/seen') return void sendJson(response, JSON.stringify(seen));
  if (request.url?.endsWith('/models'))
    return void sendJson(
      response,
      '{"object":"list","data":[{"id":"gpt-4o-mini","object":"model","created":0,"owned_by":"mock"}]}',
    );
  void bodyOf(request).then((body) => answer(body, response));
});
server.keepAliveTimeout = 75_000;
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening ${(server.address() as AddressInfo).port}\n`);
});

function answer(body: Buffer, response: ServerResponse): void {
  seen.requests += 1;
  const reply = () =>
    body.includes(IS_STREAM) ? stream(response, body.includes(WANTS_USAGE)) : sendJson(response, ANSWER);
  if (pace.delayMs === 0) reply();
  else setTimeout(reply, pace.delayMs);
}

function sendJson(response: ServerResponse, json: Buffer | string): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) });
  response.end(json);
}

function stream(response: ServerResponse, wantsUsage: boolean): void {
  seen.streams += 1;
  let sent = 0;
  const { gapMs } = pace;
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  response.once('close', () => {
    clearInterval(timer);
    if (response.writableFinished) seen.completedStreams += 1;
    else seen.leftStreams += 1;
  });
  const send = () => {
    sent += 1;
    if (sent < CHUNKS) return void response.write(EVENT);
    clearInterval(timer);
    response.end(Buffer.concat([EVENT, ...(wantsUsage ? [USAGE_EVENT] : []), STREAM_END]));
  };
  send();
  const timer = setInterval(send, gapMs);
}

async function setPace(request: IncomingMessage, response: ServerResponse): Promise<void> {
  Object.assign(pace, JSON.parse((await bodyOf(request)).toString()) as Partial<Pace>);
  sendJson(response, '{}');
}

function bodyOf(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => resolve(Buffer.concat(chunks)));
  });
}
