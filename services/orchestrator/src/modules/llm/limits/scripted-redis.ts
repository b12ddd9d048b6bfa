import type { Redis } from 'ioredis';
import { ADD_LATE, BEAT, BURY, GIVE_BACK, RESERVE } from './scripts.ts';

type Args = (string | number)[];

export interface ScriptedRedis extends Redis {
  llmReserve(keyCount: number, ...args: Args): Promise<[outcome: string, ...answer: (number | string)[]]>;
  llmGiveBack(keyCount: number, ...args: Args): Promise<number>;
  llmAddLate(keyCount: number, ...args: Args): Promise<number>;
  llmBeat(keyCount: number, ...args: Args): Promise<number>;
  llmBury(keyCount: number, ...args: Args): Promise<null>;
}

export function scripted(redis: Redis): ScriptedRedis {
  redis.defineCommand('llmReserve', { lua: RESERVE });
  redis.defineCommand('llmGiveBack', { lua: GIVE_BACK });
  redis.defineCommand('llmAddLate', { lua: ADD_LATE });
  redis.defineCommand('llmBeat', { lua: BEAT });
  redis.defineCommand('llmBury', { lua: BURY });
  return redis as ScriptedRedis;
}
