import { readFileSync } from 'node:fs';
import test from 'ava';
import { startTestApi } from '#test/support/api.ts';
import { repositoryPath } from '#test/support/processes.ts';
import { atEnd, createTestApp } from '#test/support/stack.ts';

/** What nginx says of the dashboard and what the API says of itself are one policy, written in two languages. */
const nginx = readFileSync(repositoryPath('services/dashboard/nginx/nginx.conf.template'), 'utf8');

/** `default` of the map that sets the variable, or the literal value. */
function valueOf(value: string): string {
  const name = /^\$(\w+)$/.exec(value)?.[1];
  if (name === undefined) return value;
  const map = new RegExp(`map [^{]*\\$${name} \\{[^}]*default "([^"]*)"`).exec(nginx);
  return map?.[1] ?? '';
}

const given = Object.fromEntries(
  [...nginx.matchAll(/^\s*add_header (\S+) "?([^"]*?)"? always;$/gm)].map(([, name = '', value = '']) => [
    name.toLowerCase(),
    valueOf(value).replace('@GATEWAY_ORIGIN@', 'https://llm.example.test'),
  ]),
);

/** Of one answer only, or Koa's and Node's own. */
const NOT_POLICY = new Set(['cache-control', 'connection', 'content-length', 'content-type', 'date', 'keep-alive']);

test('the dashboard’s nginx sends the security headers of the API', async (t) => {
  const app = await createTestApp(atEnd(t), {
    PUBLIC_URL: 'https://app.example.test',
    GATEWAY_PUBLIC_URL: 'https://llm.example.test/v1',
  });
  const api = await startTestApi(app);
  const response = await fetch(`${api.url}/nothing`);
  const expected = Object.fromEntries(
    [...response.headers].filter(([name]) => !NOT_POLICY.has(name) && name !== 'x-request-id'),
  );
  const { 'cache-control': caching, ...policy } = given;
  t.deepEqual(policy, expected);
  t.is(caching, 'no-cache');
});

test('no location of nginx has a header of its own, which would take the others away', (t) => {
  const http = nginx.slice(0, nginx.indexOf('  server {'));
  t.is(nginx.match(/add_header/g)?.length, http.match(/add_header/g)?.length);
  t.true(Object.keys(given).length > 10);
});
