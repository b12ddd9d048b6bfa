import { Redis } from 'ioredis';
import type { Principal } from '#modules/llm/keys/principal.ts';
import { Limiter } from '#modules/llm/limits/limiter.ts';
import { NOTHING_STORED } from './limits-world.ts';

/** A gateway's limits in a process of their own: asks for everything at once, and says what was granted. */
export interface ReservingOrder {
  url: string;
  prefix: string;
  gatewayId: string;
  dailyBudgetNanoUsd: number;
  principal: Principal;
  costs: number[];
}

process.on('message', (order: ReservingOrder) => {
  void reserveAll(order).then((granted) => process.send?.(granted));
});
process.send?.('ready');

async function reserveAll({ url, costs, principal, ...options }: ReservingOrder): Promise<number[]> {
  const redis = new Redis(url);
  const limiter = new Limiter(redis, { ...options, zone: 'UTC', seeds: NOTHING_STORED });
  const decisions = await Promise.all(
    costs.map((costNanoUsd, at) => {
      const requestId = `${options.gatewayId}_${at}`;
      return limiter.reserve({ requestId, principal, configVersion: 0, counter: null, costNanoUsd, tokens: 0 });
    }),
  );
  redis.disconnect();
  return decisions.flatMap((decision, at) =>
    decision.kind === 'granted' && !decision.isBudgetFallback ? [costs[at] ?? 0] : [],
  );
}
