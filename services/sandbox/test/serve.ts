import { Clock } from '../src/kernel/clock.ts';
import { Faults } from '../src/kernel/faults.ts';
import { listen, type Listening } from '../src/kernel/listen.ts';
import { misbehaving } from '../src/kernel/misbehave.ts';
import { RequestLog } from '../src/kernel/request-log.ts';
import type { StandIn, World } from '../src/kernel/stand-in.ts';

export interface Served extends Listening {
  world: World;
  standIn: StandIn;
}

/** One stand-in alone at a free port. */
export async function serve(create: (world: World, url: string) => StandIn, clock = new Clock()): Promise<Served> {
  const world: World = { clock, faults: new Faults(), log: new RequestLog() };
  const listening = await listen('test', 0);
  const standIn = create(world, listening.url);
  listening.server.on('request', misbehaving(world, standIn));
  return { ...listening, world, standIn };
}

/** A clock that starts at a given moment instead of now, so that a test can name dates. */
export class ClockFrom extends Clock {
  readonly #shiftMs: number;

  constructor(start: string) {
    super();
    this.#shiftMs = new Date(start).getTime() - Date.now();
  }

  override now(): Date {
    return new Date(super.now().getTime() + this.#shiftMs);
  }
}

/** A clock that stands still until it is advanced, so that a test can name seconds on a busy machine. */
export class StoppedClock extends Clock {
  #ms: number;

  constructor(start: string) {
    super();
    this.#ms = new Date(start).getTime();
  }

  override now(): Date {
    return new Date(this.#ms);
  }

  override advance(ms: number): Promise<Date> {
    this.#ms += ms;
    return super.advance(ms);
  }
}
