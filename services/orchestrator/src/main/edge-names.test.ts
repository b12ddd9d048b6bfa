import { readFileSync } from 'node:fs';
import test from 'ava';
import { catalogue } from '#modules/catalogue/service.ts';
import { Slug } from '#modules/identity/tenants/schemas.ts';
import { repositoryPath } from '#test/support/processes.ts';
import { atEnd, createTestApp } from '#test/support/stack.ts';

/** The edge leads these names to us, whoever has a site by one of them: see `$ours` and `$generators` there. */
const routes = readFileSync(repositoryPath('traefik/dynamic/10-core.yml'), 'utf8');
const listed = (variable: string) =>
  [...routes.matchAll(new RegExp(`\\$${variable} :?= .+`, 'g'))].flatMap(([line]) =>
    [...line.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name),
  );

test('no tenant can have a name that the edge keeps for us', (t) => {
  const names = [...listed('ours'), ...listed('generators')];
  t.true(names.length > 20);
  t.deepEqual(
    names.filter((name) => Slug.safeParse(name).success),
    [],
  );
});

test('every generator that is sold has its name at the edge', async (t) => {
  const { ctx } = await createTestApp(atEnd(t));
  const sold = catalogue(ctx).generators.map(({ code }) => code);
  t.deepEqual([...listed('generators')].sort(), sold.sort());
});
