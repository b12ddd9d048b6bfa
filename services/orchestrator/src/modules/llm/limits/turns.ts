import type { RedisNames } from './names.ts';
import type { Periods } from './periods.ts';
import type { Plan } from './plan.ts';
import type { ScriptedRedis } from './scripted-redis.ts';
import { type Correction, EVERYBODY } from './stake.ts';

/** More would hold up others in Redis for a millisecond. */
const MAX_TOGETHER = 100;

export interface TurnOptions {
  gatewayId: string;
  zone: string;
  dailyBudgetNanoUsd: number;
}

export interface Asked {
  requestId: string;
  configVersion: number;
  /** Whose ticket is taken; null = none. */
  counter: string | null;
  costNanoUsd: number;
  tokens: number;
}

/** What the script says of one that asks (turn-script.ts). */
export interface Answer {
  /** `day`: it is not the day that we think; `config`: there are newer routes; `everybody`: what is spent is not known. */
  outcome: 'judged' | 'day' | 'config' | 'everybody';
  nowMs: number;
  /** Of a judgement. */
  epoch: string;
  values: readonly number[];
}

interface Waiting<T> {
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
}

/** What goes to Redis together: all who ask are of the same day and the same configuration. */
class Turn {
  readonly giving: Waiting<boolean>[] = [];
  readonly givingKeys: string[] = [];
  readonly givingArgs: string[] = [];
  readonly asking: Waiting<Answer>[] = [];
  readonly askingKeys: string[] = [];
  readonly askingArgs: string[] = [];

  get size(): number {
    return this.giving.length + this.asking.length;
  }
}

/** All that is asked in one turn of the event loop is one call: one write, one read and one script, on both sides. */
export class Turns {
  readonly #redis: ScriptedRedis;
  readonly #names: RedisNames;
  readonly #options: TurnOptions;
  #turn: Turn | undefined;
  #periods: Periods;
  #configVersion = 0;
  #epoch = '';

  constructor(redis: ScriptedRedis, names: RedisNames, options: TurnOptions, periods: Periods) {
    this.#redis = redis;
    this.#names = names;
    this.#options = options;
    this.#periods = periods;
  }

  ask(plan: Plan, { requestId, configVersion, counter, costNanoUsd, tokens }: Asked): Promise<Answer> {
    if (plan.periods !== this.#periods || configVersion !== this.#configVersion) {
      if (this.#turn) void this.#send(this.#turn);
      this.#periods = plan.periods;
      this.#configVersion = configVersion;
    }
    const turn = this.#open();
    turn.askingKeys.push(...plan.keys);
    if (counter !== null) turn.askingKeys.push(this.#names.ticket(counter));
    const layout = plan.layout + (counter === null ? '-' : 'k');
    const record = `${plan.recordHead}${tokens}|`;
    turn.askingArgs.push(layout, plan.version, requestId, String(costNanoUsd), String(tokens), record);
    turn.askingArgs.push(...plan.limitTexts);
    return this.#waitIn(turn, turn.asking);
  }

  /** Resolves to false when the reservation is not there (any more). */
  giveBack(requestId: string, { layout, keys, amounts }: Correction, usage: string): Promise<boolean> {
    const turn = this.#open();
    turn.givingKeys.push(...keys);
    turn.givingArgs.push(requestId, layout, usage, ...amounts);
    return this.#waitIn(turn, turn.giving);
  }

  #open(): Turn {
    if (this.#turn) return this.#turn;
    const turn = new Turn();
    this.#turn = turn;
    setImmediate(() => void this.#send(turn));
    return turn;
  }

  #waitIn<T>(turn: Turn, list: Waiting<T>[]): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    list.push({ resolve, reject });
    if (turn.size >= MAX_TOGETHER) void this.#send(turn);
    return promise;
  }

  async #send(turn: Turn): Promise<void> {
    if (this.#turn !== turn) return;
    this.#turn = undefined;
    const { giving, asking } = turn;
    try {
      const [nowMs, epoch, ...answers] = await this.#redis.llmTurn(...this.#callFor(turn));
      giving.forEach(({ resolve }, index) => resolve(answers[index] === 1));
      if (asking.length === 0) return;
      const outcome = outcomeOf(epoch);
      if (outcome === 'judged') this.#epoch = epoch;
      asking.forEach(({ resolve }, index) => {
        const values = answers[giving.length + index];
        resolve({ outcome, nowMs, epoch, values: Array.isArray(values) ? values : [] });
      });
    } catch (error) {
      for (const { reject } of [...giving, ...asking]) reject(error);
    }
  }

  #callFor({ giving, asking, givingKeys, givingArgs, askingKeys, askingArgs }: Turn): [number, ...(string | number)[]] {
    const { gatewayId, zone, dailyBudgetNanoUsd } = this.#options;
    const names = this.#names;
    const { day, month } = this.#periods;
    const header = [names.epoch(zone), names.configVersion, names.cost(EVERYBODY, day.name)];
    header.push(names.reserved(gatewayId), names.gateways, names.usage);
    return [
      header.length + givingKeys.length + askingKeys.length,
      ...header,
      ...givingKeys,
      ...askingKeys,
      giving.length,
      asking.length,
      this.#epoch,
      gatewayId,
      day.beganMs,
      day.endsMs,
      month.beganMs,
      this.#configVersion,
      dailyBudgetNanoUsd,
      ...givingArgs,
      ...askingArgs,
    ];
  }
}

function outcomeOf(epoch: string): Answer['outcome'] {
  return epoch === 'day' || epoch === 'config' || epoch === 'everybody' ? epoch : 'judged';
}
