import type { Redis } from 'ioredis';
import { ADD_LATE, BEAT, BURY } from './scripts.ts';
import { TURN } from './turn-script.ts';

type Args = (string | number)[];

export interface ScriptedRedis extends Redis {
  /** Each of `keys` and `args` is lines, every one ended; so is the answer, but for its last. */
  llmTurn(keyCount: 0, keys: string, args: string): Promise<string>;
  llmAddLate(keyCount: number, ...args: Args): Promise<number>;
  llmBeat(keyCount: number, ...args: Args): Promise<number>;
  llmBury(keyCount: number, ...args: Args): Promise<null>;
}

/** Neither names of keys nor JSON hold the end of a line. */
export const lines = (...texts: (string | number)[]): string => texts.map((text) => `${text}\n`).join('');

export function scripted(redis: Redis): ScriptedRedis {
  redis.defineCommand('llmTurn', { lua: TURN });
  redis.defineCommand('llmAddLate', { lua: ADD_LATE });
  redis.defineCommand('llmBeat', { lua: BEAT });
  redis.defineCommand('llmBury', { lua: BURY });
  return redis as ScriptedRedis;
}
