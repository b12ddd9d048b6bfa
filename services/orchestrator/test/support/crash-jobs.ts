import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Context } from '#core/context.ts';
import { defineJob, on } from '#core/jobs/define.ts';
import { operationsHandler } from '#core/operations/advance.ts';
import { anyOperation, defineOperation } from '#core/operations/define.ts';

/** Calls to an outside that remembers everything; made by the test, written past every transaction of the code. */
export const CALLS_TABLE = `create table calls (
  id bigint unsigned not null auto_increment primary key,
  what varchar(190) not null, \`key\` varchar(64) null, pid int not null, ended_at datetime(3) null,
  at datetime(3) not null default current_timestamp(3))`;

export interface Call {
  id: number;
  what: string;
  key: string | null;
  pid: number;
  ended_at: Date | null;
}

async function call(ctx: Context, what: string, key: string | null, ms: number): Promise<void> {
  const [id] = await ctx.db('calls').insert({ what, key, pid: process.pid });
  await sleep(ms);
  await ctx
    .db('calls')
    .where({ id })
    .update({ ended_at: ctx.db.fn.now(3) });
}

export const slowJob = defineJob({
  name: 'test.slow',
  schema: z.object({ n: z.number(), ms: z.number() }),
  key: ({ n }) => String(n),
  attempts: 5,
});

/** Three outside calls, each taking a while; the second one keeps what it must not forget before it calls. */
export const slowOperation = defineOperation<{ sent: number }>()({
  kind: 'test.slow',
  input: z.object({ ms: z.number() }),
  steps: [
    {
      name: 'one',
      run: async (ctx, { id, key, input }) => {
        await call(ctx, `${id}/one`, key(), input.ms);
        return { done: true };
      },
    },
    {
      name: 'two',
      run: async (ctx, { id, key, input, result, save }) => {
        const sent = (result.sent ?? 0) + 1;
        await save({ sent });
        await call(ctx, `${id}/two/${sent}`, key(), input.ms);
        return { done: true };
      },
    },
    {
      name: 'three',
      run: async (ctx, { id, key, input, startedAt }) => {
        await call(ctx, `${id}/three`, key(), 1);
        return Date.now() - startedAt.getTime() > input.ms ? { done: true } : { again: 50 };
      },
    },
  ],
  onSucceeded: async (ctx, { id }) => {
    await ctx.db('calls').insert({ what: `${id}/succeeded`, pid: process.pid });
  },
});

export const crashHandlers = [
  on(slowJob, (ctx, { n, ms }) => call(ctx, `job/${n}`, null, ms)),
  operationsHandler([anyOperation(slowOperation)]),
];
