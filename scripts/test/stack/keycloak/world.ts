import { setTimeout as sleep } from 'node:timers/promises';
import { type Sandbox, startSandbox } from '@bastide/sandbox';
import { freePort } from '../../../../services/bench-runner/test/support/free-port.ts';
import { loadVariables } from '../../../../services/orchestrator/src/core/config/load.ts';
import { createLogger } from '../../../../services/orchestrator/src/core/log.ts';
import { keycloakVariables } from '../../../../services/orchestrator/src/main/setup/keycloak/settings.ts';
import { KeycloakAdmin } from '../../../../services/orchestrator/src/main/setup/keycloak/sync/admin.ts';
import { keycloakStep } from '../../../../services/orchestrator/src/main/setup/keycloak/step.ts';
import { startOrchestrator } from '../../../../services/orchestrator/test/support/processes.ts';
import { createTestApp } from '../../../../services/orchestrator/test/support/stack.ts';

type CleanUp = (run: () => Promise<void>) => void;

/** scripts/test/stack/keycloak.sh sets these. */
function given(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`Set ${name}, or run scripts/test/stack/keycloak.sh`);
  return value;
}

export const keycloakUrl = given('KEYCLOAK_URL');
export const keycloakContainer = given('KEYCLOAK_CONTAINER');
export const operator = { email: 'operator@example.test', password: 'first-password-of-the-operator' };
const GATEWAY = given('KEYCLOAK_SEES_THIS_HOST_AS');
const quiet = createLogger({ LOG_LEVEL: 'silent' }, 'test');

export interface World {
  /** What `bootstrap` reads; change it and `apply` again. */
  env: Record<string, string>;
  appUrl: string;
  adminUrl: string;
  admin: KeycloakAdmin;
  mails: Sandbox['mails'];
  startApi: () => Promise<void>;
}

/** A mail catcher, our API as its own process, and the settings of a realm for both. */
export async function startWorld(cleanUp: CleanUp): Promise<World> {
  const sandbox = await startSandbox({ ...SANDBOX, host: '0.0.0.0' });
  cleanUp(() => sandbox.stop());
  const port = await freePort();
  const [appUrl, adminUrl] = [`http://localhost:${port}`, `http://127.0.0.1:${port}`];
  const env = {
    KEYCLOAK_URL: keycloakUrl,
    KEYCLOAK_ADMIN_CLIENT_SECRET: given('KEYCLOAK_ADMIN_CLIENT_SECRET'),
    DOMAIN: 'example.test',
    OPERATOR_EMAIL: operator.email,
    FIRST_ADMIN_PASSWORD: operator.password,
    PUBLIC_URL: appUrl,
    ADMIN_URL: adminUrl,
    OIDC_CLIENT_ID: 'bastide',
    OIDC_CLIENT_SECRET: 'secret-of-the-dashboard',
    OIDC_BACKCHANNEL_LOGOUT_URL: `http://${GATEWAY}:${port}/auth/backchannel-logout`,
    GRAFANA_OIDC_CLIENT_SECRET: 'secret-of-grafana',
    SMTP_URL: `smtp://relay:pass%20word@${GATEWAY}:${new URL(sandbox.smtpUrl).port}`,
    MAIL_FROM: 'Bastide <no-reply@example.test>',
  };
  const startApi = async () => {
    const app = await createTestApp(cleanUp, {
      ...env,
      HOST: '0.0.0.0',
      API_PORT: String(port),
      OIDC_ISSUER_URL: `${keycloakUrl}/realms/cloud`,
    });
    const api = await startOrchestrator('api', app.env);
    cleanUp(() => api.kill());
  };
  return { env, appUrl, adminUrl, admin: new KeycloakAdmin(settingsOf(env), quiet), mails: sandbox.mails, startApi };
}

export const settingsOf = (env: Record<string, string>) => loadVariables(keycloakVariables, env);

const lines = (changes: readonly { what: string }[]) => changes.map(({ what }) => what);
export const plan = async (env: Record<string, string>) => lines(await keycloakStep.plan(settingsOf(env), quiet));
export const apply = async (env: Record<string, string>) => lines(await keycloakStep.apply(settingsOf(env), quiet));

export async function eventually<T>(what: string, probe: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(100)) {
    const value = await probe();
    if (value !== undefined) return value;
  }
  throw new Error(`Gave up waiting for: ${what}`);
}

/** Only its mail catcher is used. */
const SANDBOX = {
  oidc: { clientId: 'x', clientSecret: 'x', redirectUris: [], postLogoutRedirectUris: [], audience: 'x' },
  lago: { apiKey: 'x', hmacKey: 'x' },
  stripe: { secretKey: 'x', webhookSecret: 'x' },
  chargily: { secretKey: 'x' },
  llm: { apiKey: 'x' },
};
