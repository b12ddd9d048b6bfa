import { z } from 'zod';
import { ConfigError, loadConfig, loadVariables } from '#core/config/load.ts';
import { variable } from '#core/config/variable.ts';
import type { Config } from '#core/config/variables.ts';
import { catalogueStep } from './catalogue/step.ts';
import { keycloakVariables } from './keycloak/settings.ts';
import { keycloakStep } from './keycloak/step.ts';
import { lagoVariables } from './lago/settings.ts';
import { lagoStep } from './lago/step.ts';
import { objectStoreVariables } from './object-store/settings.ts';
import { objectStoreStep } from './object-store/step.ts';
import type { ReadyStep } from './run-steps.ts';
import type { SetupStep } from './types.ts';

const setupVariables = {
  ...lagoVariables,
  ...objectStoreVariables,
  ...keycloakVariables,
  BOOTSTRAP_TIMEOUT_MS: variable({
    schema: z.coerce.number().int().positive().default(300_000),
    group: 'Bootstrap',
    about: 'How long each service may take until it answers.',
  }),
};

type Env = Record<string, string | undefined>;

/** The steps in their order, with the settings of all of them checked at once. */
export function readSteps(env: Env): { steps: ReadyStep[]; timeoutMs: number } {
  const problems = new Set<string>();
  const read = <T>(load: () => T): T | undefined => {
    try {
      return load();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const problem of error.problems) problems.add(problem);
      return undefined;
    }
  };
  const settings = read(() => loadVariables(setupVariables, env));
  const config = read(() => loadConfig(withoutWebhookKey(env)));
  if (!settings || !config) throw new ConfigError([...problems]);
  const steps: ReadyStep[] = [
    ready(lagoStep, settings, 'lago-api', `${settings.LAGO_API_URL}/health`),
    ready(objectStoreStep, settings, 'objectstore', healthOf(settings)),
    ready(keycloakStep, settings, 'keycloak', `${settings.KEYCLOAK_URL}/realms/master`),
    { ...ready<Config>(catalogueStep, config, 'lago-api', `${settings.LAGO_API_URL}/health`), after: 'lago' },
  ];
  return { steps, timeoutMs: settings.BOOTSTRAP_TIMEOUT_MS };
}

/** The first step writes the file that the variable names. None of the steps has a use for the key. */
const withoutWebhookKey = (env: Env): Env => ({ ...env, LAGO_WEBHOOK_HMAC_KEY: 'not read here' });

const healthOf = (settings: { S3_ENDPOINT: string; S3_ADMIN_API: 'minio' | 'none' }): string =>
  `${settings.S3_ENDPOINT}${settings.S3_ADMIN_API === 'minio' ? '/minio/health/live' : '/'}`;

const ready = <S>(step: SetupStep<S>, settings: S, service: string, url: string): ReadyStep => ({
  name: step.name,
  service,
  url,
  plan: (log) => step.plan(settings, log),
  apply: (log) => step.apply(settings, log),
});
