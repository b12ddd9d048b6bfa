import test from 'ava';
import type { Route } from '#core/http/route.ts';
import type { LiveListener } from '#core/live/listen.ts';
import { allRoutes } from '#main/modules.ts';
import { openApiRoute } from '#main/openapi.ts';
import { GRANTABLE_SCOPES } from '#modules/identity/authorization.ts';
import { entries as admin } from './matrix/admin.ts';
import { entries as audit } from './matrix/audit.ts';
import { entries as billing } from './matrix/billing.ts';
import { entries as catalogue } from './matrix/catalogue.ts';
import { entries as identity } from './matrix/identity.ts';
import { entries as llm } from './matrix/llm.ts';
import { entries as llmRoutes } from './matrix/llm-routes.ts';
import { entries as operations } from './matrix/operations.ts';
import { entries as settings } from './matrix/settings.ts';
import { entries as sites } from './matrix/sites.ts';
import type { Caller, MatrixEntry } from './support/matrix.ts';
import { type RunningWorld, startMatrixWorld } from './support/matrix-world.ts';
import { createApiKeyCaller } from './support/people.ts';
import { atEndOfFile } from './support/stack.ts';

/** Only described here, never served. */
const noListener = undefined as unknown as LiveListener;
const served = allRoutes(noListener);
const routes = [...served, openApiRoute(served)];
const meta: MatrixEntry[] = [
  { route: 'get /v1/status', happy: () => ({}), badInput: { none: 'takes no input' } },
  { route: 'get /openapi.json', happy: () => ({}), badInput: { none: 'takes no input' }, extra: [] },
];
const entries = [
  ...admin,
  ...audit,
  ...billing,
  ...catalogue,
  ...identity,
  ...llm,
  ...llmRoutes,
  ...operations,
  ...settings,
  ...sites,
  ...meta,
];
const nameOf = (route: Pick<Route, 'method' | 'path'>) => `${route.method} ${route.path}`;

interface ErrorBody {
  error?: { code?: string; details?: { issues?: { path: string }[] } };
}
const callerOf = (route: Route) => (route.access === 'platform' ? world.admin : world.owner);
/** Made once: a tenant may have fifty, and there are more routes. */
const keys = new Map<string, Promise<Caller>>();
function keyWith(scopes: readonly string[]): Promise<Caller> {
  const name = scopes.join();
  const key = keys.get(name) ?? createApiKeyCaller(world.app, world.owner.tenantId, scopes);
  keys.set(name, key);
  return key;
}
const errorOf = (answer: { body: unknown }) => (answer.body as ErrorBody | null)?.error;

const cleanUp = atEndOfFile(test);
let world: RunningWorld;
test.before(async () => {
  world = await startMatrixWorld(cleanUp);
});

test('every route is in the matrix once, and nothing else is', (t) => {
  t.deepEqual(entries.map((entry) => entry.route).sort(), routes.map(nameOf).sort());
});

for (const route of routes) {
  const name = nameOf(route);
  const entry = entries.find((candidate) => candidate.route === name);
  if (!entry) continue;

  test.serial(`${name}: happy`, async (t) => {
    const answer = await world.request(route.method, route.path, callerOf(route), await entry.happy(world));
    t.is(answer.status, route.response.status, JSON.stringify(answer.body));
  });

  const { badInput } = entry;
  if ('path' in badInput)
    test.serial(`${name}: bad input names ${badInput.path}`, async (t) => {
      const request = badInput.change(await entry.happy(world));
      const answer = await world.request(route.method, route.path, callerOf(route), request);
      t.is(answer.status, 400, JSON.stringify(answer.body));
      const paths = errorOf(answer)?.details?.issues?.map((issue) => issue.path) ?? [];
      t.true(paths.includes(badInput.path), `complained about ${paths.join(', ')}`);
    });
  else test(`${name}: takes no input`, (t) => t.falsy(route.body ?? route.query ?? route.params, badInput.none));

  if (route.access !== 'public')
    test.serial(`${name}: nobody is let in without credentials`, async (t) => {
      const answer = await world.request(route.method, route.path, null, await entry.happy(world));
      t.is(answer.status, 401, JSON.stringify(answer.body));
      t.is(errorOf(answer)?.code, 'auth.required');
    });

  if (route.access === 'tenant') {
    test.serial(`${name}: no permission`, async (t) => {
      const other = route.scope === 'audit:read' ? 'tenant:read' : 'audit:read';
      const powerless = await keyWith([other]);
      const answer = await world.request(route.method, route.path, powerless, await entry.happy(world));
      t.is(answer.status, 403, JSON.stringify(answer.body));
      t.is(errorOf(answer)?.code, 'auth.forbidden');
    });

    test.serial(`${name}: another tenant is not there`, async (t) => {
      const request = await entry.happy(world);
      const foreign = {
        ...world.stranger,
        headers: { ...world.stranger.headers, 'x-tenant-id': world.owner.tenantId },
      };
      const byHeader = await world.request(route.method, route.path, foreign, request);
      t.is(byHeader.status, 404, JSON.stringify(byHeader.body));
      t.is(errorOf(byHeader)?.code, 'tenant.not_found');
      if (!route.params) return;
      const byId = await world.request(route.method, route.path, world.stranger, request);
      t.is(byId.status, 404, JSON.stringify(byId.body));
    });
  }

  if (route.access === 'platform')
    test.serial(`${name}: no permission`, async (t) => {
      for (const powerless of [world.owner, await keyWith(GRANTABLE_SCOPES)]) {
        const answer = await world.request(route.method, route.path, powerless, await entry.happy(world));
        t.is(answer.status, 403, JSON.stringify(answer.body));
        t.is(errorOf(answer)?.code, 'auth.forbidden');
      }
    });

  for (const extra of entry.extra ?? [])
    test.serial(`${name}: ${extra.name}`, async (t) => {
      const { caller, request } = await extra.request(world);
      const answer = await world.request(route.method, route.path, caller, request);
      t.is(answer.status, extra.status, JSON.stringify(answer.body));
      if (extra.code !== undefined) t.is(errorOf(answer)?.code, extra.code);
    });
}
