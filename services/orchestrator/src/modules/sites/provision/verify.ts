import { request } from 'undici';
import type { Context } from '#core/context.ts';
import { type Step, StepFailed } from '#core/operations/define.ts';
import { urlOf } from '../address.ts';
import { type ProvisionInput, type Provisioning, giveUpWhenRefused, pollPauseMs, workplace } from './context.ts';
import { PATIENT_ATTEMPTS } from './reserve.ts';

const ANSWER_MS = 10_000;
const DEADLINE_MS = 30 * 60_000;

/** That a job succeeded does not mean that people reach the site: it must answer through the edge. */
export const verify: Step<ProvisionInput, Provisioning> = {
  name: 'verify',
  attempts: PATIENT_ATTEMPTS,
  run: async (ctx, operation) => {
    const { site, backend } = await workplace(ctx, operation);
    const problem = await whySilent(ctx, site.host);
    if (problem === undefined) {
      const facts = await giveUpWhenRefused(() => backend.inspect(site.host));
      return {
        done: true,
        output: `${urlOf(ctx, site.host)} answers.`,
        ...(facts && { result: { usageMib: facts.usageMib } }),
      };
    }
    if (Date.now() - operation.startedAt.getTime() > DEADLINE_MS)
      throw new StepFailed('sites.not_reachable', `${site.host} does not answer through the edge: ${problem}.`);
    return { again: pollPauseMs(operation.startedAt), output: `Waiting for ${site.host}: ${problem}.` };
  },
};

/** Undefined when the site answers as a site. */
async function whySilent({ config }: Context, host: string): Promise<string | undefined> {
  try {
    const response = await request(`${config.SITES_EDGE_URL}/api/method/ping`, {
      headers: { host, accept: 'application/json' },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const text = await response.body.text();
    return response.statusCode === 200 && text.includes('pong') ? undefined : `it answers ${response.statusCode}`;
  } catch (error) {
    const { name, code } = error as { name?: string; code?: string };
    return name === 'TimeoutError' ? `no answer within ${ANSWER_MS / 1000} s` : `no connection (${code ?? name})`;
  }
}
