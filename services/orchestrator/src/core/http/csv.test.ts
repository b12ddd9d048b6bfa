import { type AddressInfo, connect } from 'node:net';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { z } from 'zod';
import { type TestApp, atEndOfFile, createTestApp, eventually } from '#test/support/stack.ts';
import { defineError } from '../errors.ts';
import { openApi } from './openapi.ts';
import { type Route, route } from './route.ts';
import { createHttpHandler } from './server.ts';

const Row = z.object({ name: z.string().nullable(), amount: z.number(), isNew: z.boolean() });
type Row = z.input<typeof Row>;
const Away = defineError('test.away', 503, 'Not now.');

/** What a route answers, by its path. */
const files: Record<string, () => AsyncGenerator<Row>> = {
  async *cells() {
    const names = ['plain', 'a,b', 'say "hi"', 'two\nlines', "=cmd|' /C calc'!A0", '+1', '-1', '@a', '\tx', 'é', null];
    for (const name of names) yield { name, amount: -1.5, isNew: true };
    await Promise.resolve();
  },
  async *nothing() {
    // No rows: only the names of the columns.
  },
  // eslint-disable-next-line require-yield -- it fails before its first row
  async *away() {
    await Promise.reject(Away());
  },
  async *broken() {
    for (let n = 0; n < 5000; n += 1) yield { name: 'x'.repeat(100), amount: n, isNew: false };
    await Promise.reject(new Error('the database went away'));
  },
  async *endless() {
    for (;;) {
      made.rows += 1;
      yield { name: 'x'.repeat(1000), amount: 1, isNew: false };
      await Promise.resolve();
    }
  },
  async *slow() {
    for (;;) {
      yield { name: 'x'.repeat(20_000), amount: 1, isNew: false };
      await sleep(1000);
    }
  },
};
const made = { rows: 0, hasEnded: false };
let isMember = true;

async function* watched(rows: AsyncGenerator<Row>): AsyncGenerator<Row> {
  try {
    yield* rows;
  } finally {
    made.hasEnded = true;
  }
}

const routes: Route[] = [
  route({
    method: 'get',
    path: '/v1/:file.csv',
    access: 'user',
    tag: 'Test',
    summary: 'A file',
    params: z.object({ file: z.string() }),
    response: { status: 200, csv: Row },
    handle: (_ctx, { params }) =>
      Promise.resolve({ fileName: 'things.csv', rows: watched((files[params.file] ?? files['nothing'])!()) }),
  }),
];

const cleanUp = atEndOfFile(test);
let app: TestApp;
let port: number;
test.before(async () => {
  app = await createTestApp(cleanUp);
  const handler = createHttpHandler(app.ctx, {
    routes,
    gatekeeper: {
      authenticate: () =>
        Promise.resolve(
          isMember ? { type: 'apiKey', id: 'k', name: 'k', tenantId: 't', scopes: new Set() } : { type: 'anonymous' },
        ),
      enterTenant: () => Promise.reject(new Error('not asked')),
    },
    stopping: app.lifecycle.stopping,
  });
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
  cleanUp(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});

const get = (file: string) => fetch(`http://127.0.0.1:${port}/v1/${file}.csv`);

test('text is quoted where it must be, and is never a formula; numbers stay numbers', async (t) => {
  const answer = await get('cells');
  t.is(answer.headers.get('content-type'), 'text/csv; charset=utf-8; header=present');
  t.is(answer.headers.get('content-disposition'), 'attachment; filename="things.csv"');
  const bytes = Buffer.from(await answer.arrayBuffer());
  t.is(
    bytes.toString('utf8'),
    [
      '\u{FEFF}name,amount,isNew',
      'plain,-1.5,true',
      '"a,b",-1.5,true',
      '"say ""hi""",-1.5,true',
      '"two\nlines",-1.5,true',
      "'=cmd|' /C calc'!A0,-1.5,true",
      "'+1,-1.5,true",
      "'-1,-1.5,true",
      "'@a,-1.5,true",
      "'\tx,-1.5,true",
      'é,-1.5,true',
      ',-1.5,true',
      '',
    ].join('\r\n'),
  );
});

test('no rows are a file with the names of the columns', async (t) => {
  t.is(Buffer.from(await (await get('nothing')).arrayBuffer()).toString('utf8'), '\u{FEFF}name,amount,isNew\r\n');
});

test('what fails at once is an error like any other', async (t) => {
  const answer = await get('away');
  t.is(answer.status, 503);
  t.like(await answer.json(), { error: { code: 'test.away' } });
});

test('half a file never looks like a whole one', async (t) => {
  const answer = await get('broken');
  t.is(answer.status, 200);
  await t.throwsAsync(answer.text());
});

test.serial('rows are made as fast as they are read, and no more when the reader has left', async (t) => {
  made.rows = 0;
  made.hasEnded = false;
  const socket = connect(port, '127.0.0.1');
  socket.write('GET /v1/endless.csv HTTP/1.1\r\nhost: api\r\n\r\n');
  socket.pause();
  await eventually('the file to begin', () => Promise.resolve(made.rows > 0));
  await sleep(500);
  const before = made.rows;
  await sleep(500);
  t.is(made.rows, before, 'nobody reads');
  t.true(before < 20_000, `${before} kilobytes were made for a reader who reads none`);
  socket.destroy();
  await eventually('the end of the rows', () => Promise.resolve(made.hasEnded));
});

test.serial('a download ends when its reader may not see it any more', async (t) => {
  made.hasEnded = false;
  const answer = await get('slow');
  isMember = false;
  await t.throwsAsync(answer.text());
  isMember = true;
  await eventually('the end of the rows', () => Promise.resolve(made.hasEnded));
});

test('the description names the columns', (t) => {
  const { paths } = openApi(routes, { title: '', version: '', description: '' }) as {
    paths: Record<string, { get: { responses: { 200: { content: object } } } }>;
  };
  t.deepEqual(paths['/v1/{file}.csv']?.get.responses[200].content, {
    'text/csv': { schema: { type: 'string', description: 'With the columns name, amount, isNew.' } },
  });
});
