import type { Redis } from 'ioredis';
import { ADD_LATE, BEAT, BURY } from './scripts.ts';
import { TURN } from './turn-script.ts';

type Args = (string | number)[];

export interface ScriptedRedis extends Redis {
  llmTurn(keyCount: number, ...args: Args): Promise<[nowMs: number, epoch: string, ...answers: (number | number[])[]]>;
  llmAddLate(keyCount: number, ...args: Args): Promise<number>;
  llmBeat(keyCount: number, ...args: Args): Promise<number>;
  llmBury(keyCount: number, ...args: Args): Promise<null>;
}

export function scripted(redis: Redis): ScriptedRedis {
  redis.defineCommand('llmTurn', { lua: TURN });
  redis.defineCommand('llmAddLate', { lua: ADD_LATE });
  redis.defineCommand('llmBeat', { lua: BEAT });
  redis.defineCommand('llmBury', { lua: BURY });
  return redis as ScriptedRedis;
}
