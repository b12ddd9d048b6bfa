import { z } from 'zod';
import { defineKind } from '../jobs/kind.ts';

export const ping = defineKind({
  name: 'Ping Job',
  function: 'ping_job',
  lane: 'short',
  afterRestart: 'repeat',
  request: z.object({}),
  run: (job) => job.step('Ping Step', () => ({ message: 'pong' })),
});
