import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Knex } from 'knex';
import type { TenantContext } from '#core/context.ts';

/** Where a process dies: before the n-th step, or after it was done and before anybody heard of it. */
export interface Cut {
  at: number;
  when: 'before' | 'after';
}

class Killed extends Error {
  override readonly name = 'Killed';
}

/**
 * A context in which the n-th step is the last: a call to Lago, or a transaction. `struck` says whether there was such a
 * step. What runs in it afterwards fails as well, for a dead process does nothing more.
 */
export async function cutting<T>(
  ctx: TenantContext,
  { at, when }: Cut,
  run: (ctx: TenantContext) => Promise<T>,
): Promise<{ struck: boolean }> {
  let steps = 0;
  let isDead = false;
  const enter = (): 'die before' | 'die after' | 'live' => {
    steps += 1;
    if (isDead || (steps === at && when === 'before')) {
      isDead = true;
      return 'die before';
    }
    if (steps !== at) return 'live';
    isDead = true;
    return 'die after';
  };
  const server = createServer((request, response) => {
    const fate = enter();
    if (fate === 'die before') return void request.socket.destroy();
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      void (async () => {
        const { method = 'GET', url = '/', headers } = request;
        const answer = await fetch(`${ctx.config.LAGO_API_URL}${url}`, {
          method,
          headers: { authorization: headers.authorization ?? '', 'content-type': 'application/json' },
          ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
        });
        const text = await answer.text();
        if (fate === 'die after') request.socket.destroy();
        else response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
      })();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const transaction = async (work: (trx: Knex.Transaction) => Promise<unknown>) => {
    const fate = enter();
    if (fate === 'die before') throw new Killed();
    const result = await ctx.db.transaction(work);
    if (fate === 'die after') throw new Killed();
    return result;
  };
  const db = new Proxy(ctx.db, {
    get: (target, key, receiver): unknown => (key === 'transaction' ? transaction : Reflect.get(target, key, receiver)),
  });
  try {
    await run({ ...ctx, db, config: { ...ctx.config, LAGO_API_URL: url } });
  } catch (error) {
    if (!isDead) throw error;
  } finally {
    server.closeAllConnections();
    server.close();
  }
  return { struck: isDead };
}
