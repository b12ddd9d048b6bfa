import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import path from 'node:path';
import Router from '@koa/router';
import Koa, { type Context, type Next } from 'koa';
import { z } from 'zod';
import type { Fault } from '../kernel/faults.ts';
import { readBody } from '../kernel/read-body.ts';
import type { Controllable, World } from '../kernel/stand-in.ts';
import type { Mailbox } from '../smtp/mailbox.ts';
import { FAULT_KINDS } from './fault-kinds.ts';

interface Parts {
  world: World;
  standIns: Record<string, Controllable>;
  urls: Record<string, string>;
  mails: Mailbox;
}

const Advance = z.strictObject({ ms: z.number().int().positive() });
const DEFAULT_REQUESTS = 200;

class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** How a person (the page at `/`) and a test (JSON under `/api`) look at the sandbox and make it misbehave. */
export function createControl(parts: Parts): RequestListener {
  const app = new Koa();
  app.use(answerErrors);
  app.use(refuseForeignPages);
  app.use(routes(parts).routes());
  const answer = app.callback();
  return (request, response) => void answer(request, response);
}

function routes(parts: Parts): Router {
  const { world, standIns, mails } = parts;
  const page = readFileSync(path.join(import.meta.dirname, 'page.html'), 'utf8');
  const router = new Router();
  router.get('/', (ctx) => {
    ctx.type = 'html';
    ctx.body = page;
  });
  router.get('/api/state', (ctx) => {
    ctx.body = stateOf(parts, one(ctx.query['standIn'])?.split(','));
  });
  router.get('/api/requests', (ctx) => {
    const standIn = one(ctx.query['standIn']);
    const limit = Number(one(ctx.query['limit']) ?? DEFAULT_REQUESTS);
    ctx.body = { items: world.log.list(standIn ? { standIn } : {}).slice(-limit) };
  });
  router.post('/api/reset', async (ctx) => {
    world.faults.clear();
    world.clock.reset();
    for (const standIn of Object.values(standIns)) await standIn.reset();
    world.log.clear();
    ctx.body = { ok: true };
  });
  router.post('/api/:standIn/actions/:action', async (ctx) => {
    const { standIn = '', action = '' } = ctx.params;
    const run = standIns[standIn]?.actions?.[action];
    if (!run) throw new Refused(404, `There is no action ${action} of ${standIn}.`);
    ctx.body = (await run(z.record(z.string(), z.unknown()).parse(await json(ctx)))) ?? null;
  });
  clockRoutes(router, world);
  faultRoutes(router, world);
  mailRoutes(router, mails);
  return router;
}

function clockRoutes(router: Router, { clock }: World): void {
  router.get('/api/clock', (ctx) => {
    ctx.body = { now: clock.now() };
  });
  router.post('/api/clock/advance', async (ctx) => {
    ctx.body = { now: await clock.advance(Advance.parse(await json(ctx)).ms) };
  });
}

function faultRoutes(router: Router, { faults }: World): void {
  router.get('/api/fault-kinds', (ctx) => {
    ctx.body = FAULT_KINDS;
  });
  router.get('/api/faults', (ctx) => {
    ctx.body = { items: faults.list() };
  });
  router.post('/api/faults', async (ctx) => {
    ctx.status = 201;
    ctx.body = faults.add((await json(ctx)) as z.input<typeof Fault>);
  });
  router.delete('/api/faults', (ctx) => {
    faults.clear();
    ctx.status = 204;
  });
  router.delete('/api/faults/:id', (ctx) => {
    faults.remove(ctx.params['id'] ?? '');
    ctx.status = 204;
  });
}

function mailRoutes(router: Router, mails: Mailbox): void {
  router.get('/api/mails', (ctx) => {
    ctx.body = { items: mails.list({ to: one(ctx.query['to']) }) };
  });
  router.get('/api/mails/:id', (ctx) => {
    const mail = mails.get(ctx.params['id'] ?? '');
    if (!mail) throw new Refused(404, 'There is no such mail.');
    ctx.body = mail;
  });
  router.delete('/api/mails', (ctx) => {
    mails.clear();
    ctx.status = 204;
  });
}

function stateOf({ world, standIns, urls }: Parts, names?: string[]) {
  const wanted = Object.values(standIns).filter(({ name }) => !names || names.includes(name));
  return {
    now: world.clock.now(),
    urls,
    faults: world.faults.list(),
    standIns: Object.fromEntries(wanted.map((standIn) => [standIn.name, standIn.state()])),
    actions: Object.fromEntries(Object.values(standIns).map(({ name, actions }) => [name, Object.keys(actions ?? {})])),
  };
}

/** Stops a web page elsewhere from adding faults or reading mails through somebody's browser; links to `/` may lead here. */
async function refuseForeignPages(ctx: Context, next: Next): Promise<void> {
  const isForeign = !['', 'same-origin', 'none'].includes(ctx.get('sec-fetch-site'));
  if (isForeign && ctx.path !== '/') throw new Refused(403, 'Not from another page.');
  await next();
}

async function answerErrors(ctx: Context, next: Next): Promise<void> {
  try {
    await next();
    if (ctx.status === 404) throw new Refused(404, `There is nothing at ${ctx.method} ${ctx.path}.`);
  } catch (error) {
    const { status, ...body } = describe(error);
    ctx.status = status;
    ctx.body = { error: body };
  }
}

/** An action that throws says what is wrong with its input, so that everything unexpected is the caller's to read. */
function describe(error: unknown): { status: number; message: string; issues?: { path: string; message: string }[] } {
  if (error instanceof z.ZodError) {
    const issues = error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }));
    return { status: 400, message: 'Invalid input.', issues };
  }
  if (error instanceof Refused) return { status: error.status, message: error.message };
  return { status: 400, message: error instanceof Error ? error.message : String(error) };
}

async function json(ctx: Context): Promise<unknown> {
  const text = await readBody(ctx.req);
  try {
    return text === '' ? {} : (JSON.parse(text) as unknown);
  } catch {
    throw new Refused(400, 'The body is not JSON.');
  }
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
