import type { RedisNames } from './names.ts';
import type { Periods } from './periods.ts';
import type { Plan } from './plan.ts';
import { type ScriptedRedis, lines } from './scripted-redis.ts';
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
  readonly asking: Waiting<Answer>[] = [];
  // As lines: what is given back comes first in the script.
  givingKeys = '';
  givingArgs = '';
  askingKeys = '';
  askingArgs = '';

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
    turn.askingKeys += plan.keys;
    if (counter !== null) turn.askingKeys += `${this.#names.ticket(counter)}\n`;
    const layout = plan.layout + (counter === null ? '-' : 'k');
    const record = `${plan.recordHead}${tokens}|`;
    turn.askingArgs += `${layout}\n${plan.version}\n${requestId}\n${costNanoUsd}\n${tokens}\n${record}\n${plan.limitLines}`;
    return this.#waitIn(turn, turn.asking);
  }

  /** Resolves to false when the reservation is not there (any more). */
  giveBack(requestId: string, { layout, keys, amounts }: Correction, usage: string): Promise<boolean> {
    const turn = this.#open();
    turn.givingKeys += keys;
    turn.givingArgs += `${requestId}\n${layout}\n${usage}\n${amounts}`;
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
      const answer = await this.#redis.llmTurn(0, this.#keysOf(turn), this.#argsOf(turn));
      const [now, epoch = '', ...answers] = answer.split('\n');
      giving.forEach(({ resolve, reject }, index) => {
        const said = answers[index] ?? '';
        if (isFailure(said)) reject(failureOf(said));
        else resolve(said === '1');
      });
      if (asking.length === 0) return;
      const outcome = outcomeOf(epoch);
      const nowMs = Number(now);
      if (outcome === 'judged') this.#epoch = epoch;
      asking.forEach(({ resolve, reject }, index) => {
        const said = answers[giving.length + index] ?? '';
        if (isFailure(said)) reject(failureOf(said));
        else resolve({ outcome, nowMs, epoch, values: numbersOf(said) });
      });
    } catch (error) {
      for (const { reject } of [...giving, ...asking]) reject(error);
    }
  }

  #keysOf({ givingKeys, askingKeys }: Turn): string {
    const { gatewayId, zone } = this.#options;
    const names = this.#names;
    const everybody = names.cost(EVERYBODY, this.#periods.day.name);
    const ours = [names.reserved(gatewayId), names.gateways, names.usage];
    return lines(names.epoch(zone), names.configVersion, everybody, ...ours) + givingKeys + askingKeys;
  }

  #argsOf({ giving, asking, givingArgs, askingArgs }: Turn): string {
    const { gatewayId, dailyBudgetNanoUsd } = this.#options;
    const { day, month } = this.#periods;
    const known = [this.#epoch, gatewayId, day.beganMs, day.endsMs, month.beganMs, this.#configVersion];
    return lines(giving.length, asking.length, ...known, dailyBudgetNanoUsd) + givingArgs + askingArgs;
  }
}

const isFailure = (said: string): boolean => said.startsWith('!');

/** What Redis refused of one; as ioredis names what it refuses of all. */
function failureOf(said: string): Error {
  const error = new Error(said.slice(1));
  error.name = 'ReplyError';
  return error;
}

function numbersOf(said: string): number[] {
  const numbers: number[] = [];
  for (let from = 0; from < said.length;) {
    const to = said.indexOf(' ', from);
    numbers.push(Number(to < 0 ? said.slice(from) : said.slice(from, to)));
    from = to < 0 ? said.length : to + 1;
  }
  return numbers;
}

function outcomeOf(epoch: string): Answer['outcome'] {
  return epoch === 'day' || epoch === 'config' || epoch === 'everybody' ? epoch : 'judged';
}
