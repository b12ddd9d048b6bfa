import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { bodyOf } from '#test/support/dialects.ts';
import { pino } from 'pino';
import type { Dispatcher } from 'undici';
import { readError } from '../providers/openai-compatible/error.ts';
import { openaiCompatible } from '../providers/openai-compatible/openai-compatible.ts';
import type { Dialect } from '../providers/provider.ts';
import { Slots } from '../resilience/slots.ts';
import type { Candidate } from '../routing/route-plan.ts';
import type { Call } from './call.ts';
import type { CompletionServices } from './completion-parts.ts';
import { Completion } from './completion.ts';
import type { GatewayError } from './errors.ts';
import type { Meter } from './meter.ts';

const { chat } = openaiCompatible({ name: 'a', label: 'A', url: 'http://a', key: null, surfaces: ['chat'] }).dialects;
if (!chat) throw new Error('no dialect');
const FAILING: Dialect = {
  ...chat,
  request: () => {
    throw new TypeError('a mistake of ours');
  },
};

type MayTry = boolean | Promise<boolean>;

interface Options {
  dialect?: Dialect;
  mayTry?: (provider: string) => MayTry;
  dispatch?: (handler: Dispatcher.DispatchHandler) => void;
}

/** One completion that two providers may answer, and what becomes of it. */
function begun({ dialect = chat, mayTry = () => true, dispatch = () => undefined }: Options) {
  const said: string[] = [];
  const errors: GatewayError[] = [];
  const slots = new Slots();
  let leave = (): void => undefined;
  const services = {
    upstreams: {
      get: (name: string) => ({
        provider: { name, label: name, dialects: { chat: dialect }, readError },
        dispatch: (_method: string, _request: object, handler: Dispatcher.DispatchHandler) => dispatch(handler),
      }),
    },
    breakers: {
      isOpen: () => false,
      mayTry: ({ provider }: Candidate) => mayTry(provider),
      succeeded: ({ provider }: Candidate) => said.push(`${provider} is well`),
      failed: ({ provider }: Candidate) => said.push(`${provider} is ill`),
      abandoned: () => undefined,
    },
    slots,
    retries: { requested: () => undefined, take: () => true },
    journal: { written: (then: () => void) => then() },
    metrics: { fallbacks: { inc: () => undefined }, attempts: { inc: () => undefined } },
    log: pino({ level: 'silent' }),
    deadlineMs: 1000,
    maxConcurrency: () => null,
  };
  const call = {
    requestId: 'req_1',
    names: {},
    headers: {},
    isGone: false,
    elapsedMs: 0,
    onGone: (listener: () => void) => (leave = listener),
    fail: (error: GatewayError) => errors.push(error),
  };
  const meter = {
    isBudgetFallback: false,
    asks: ({ provider }: Candidate) => said.push(`asks ${provider}`),
    produced: () => undefined,
    reported: () => undefined,
    firstByte: () => undefined,
    settle: (outcome: string) => said.push(`settles ${outcome}`),
    release: (reason: string) => said.push(`releases ${reason}`),
  };
  const body = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };
  const order: Candidate[] = ['a', 'b'].map((provider) => ({ provider, model: 'm', isFree: true, price: null }));
  const completion = new Completion(services as unknown as CompletionServices, {
    call: call as unknown as Call,
    envelope: {
      ...{ surface: 'chat', model: 'm', isStream: false, wantsUsage: false, maxCompletionTokens: null, choices: 1 },
      body: bodyOf(body),
    },
    meter: meter as unknown as Meter,
    order,
    lastEvent: '',
    onEnd: () => said.push('ends'),
  });
  completion.start();
  return {
    said,
    errors,
    held: () => slots.count('a') + slots.count('b'),
    leave: () => leave(),
    stop: () => completion.stop(),
  };
}

test('a request that cannot be written by a mistake of ours ends, and keeps nothing', (t) => {
  const { said, errors, held } = begun({ dialect: FAILING });
  t.deepEqual(
    errors.map(({ status }) => status),
    [500],
  );
  t.deepEqual(said, ['releases failed', 'ends']);
  t.is(held(), 0);
});

test('who leaves while the next provider’s probe is asked for does not pay for the one that failed', async (t) => {
  const probe = Promise.withResolvers<boolean>();
  const { said, held, leave } = begun({
    mayTry: (provider) => (provider === 'a' ? true : probe.promise),
    dispatch: (handler) => {
      const controller = { abort: () => undefined } as unknown as Dispatcher.DispatchController;
      handler.onRequestStart?.(controller, {});
      handler.onResponseError?.(controller, new Error('cut'));
    },
  });
  leave();
  await turn();
  await turn();
  t.deepEqual(said, ['asks a', 'a is ill', 'releases left_before_start', 'ends']);
  probe.resolve(true);
  await turn();
  t.is(held(), 0);
});

test('a request that is too much for a provider goes to another and closes the provider to nobody', async (t) => {
  const error = { message: 'Request too large for model `m`', code: 'rate_limit_exceeded' };
  const { said, errors } = begun({
    dispatch: (handler) => {
      const controller = { abort: () => undefined } as unknown as Dispatcher.DispatchController;
      handler.onRequestStart?.(controller, {});
      handler.onResponseStart?.(controller, 413, {});
      handler.onResponseData?.(controller, Buffer.from(JSON.stringify({ error })));
      handler.onResponseEnd?.(controller, {});
    },
  });
  await turn();
  t.deepEqual(said, ['asks a', 'a is well', 'asks b', 'b is well', 'releases status_413', 'ends']);
  t.like(errors[0], { status: 413 });
});

test('an answer that is billed and whose tokens are being counted is not ended by our own end', (t) => {
  const { said, errors, stop } = begun({
    dispatch: (handler) => {
      const controller = { abort: () => undefined } as unknown as Dispatcher.DispatchController;
      handler.onRequestStart?.(controller, {});
      handler.onResponseStart?.(controller, 200, {});
      handler.onResponseData?.(controller, Buffer.from(JSON.stringify({ choices: [{ message: { content: 'hi' } }] })));
      handler.onResponseEnd?.(controller, {});
    },
  });
  stop();
  t.deepEqual(said, ['asks a', 'a is well', 'settles completed']);
  t.deepEqual(errors, []);
});
