import { startSandbox, type Sandbox } from '@bastide/sandbox';
import { startTestApi } from './api.ts';
import type { MatrixWorld } from './matrix.ts';
import { createOwner, createUser } from './people.ts';
import { TEST_ENV, type TestApp, createTestApp } from './stack.ts';

type CleanUp = (run: () => Promise<void>) => void;

export async function startTestSandbox(cleanUp: CleanUp, benchSitesDir?: string): Promise<Sandbox> {
  const sandbox = await startSandbox({
    oidc: {
      clientId: TEST_ENV.OIDC_CLIENT_ID,
      clientSecret: TEST_ENV.OIDC_CLIENT_SECRET,
      redirectUris: [`${TEST_ENV.PUBLIC_URL}/auth/callback`],
      postLogoutRedirectUris: [`${TEST_ENV.PUBLIC_URL}/`],
      audience: 'bastide-api',
    },
    lago: { apiKey: TEST_ENV.LAGO_API_KEY, hmacKey: TEST_ENV.LAGO_WEBHOOK_HMAC_KEY },
    stripe: { secretKey: TEST_ENV.STRIPE_SECRET_KEY, webhookSecret: TEST_ENV.STRIPE_WEBHOOK_SECRET },
    chargily: { secretKey: TEST_ENV.CHARGILY_SECRET_KEY },
    llm: { apiKey: TEST_ENV.LLM_UPSTREAM_KEY },
    ...(benchSitesDir !== undefined && { benchSitesDir }),
  });
  cleanUp(() => sandbox.stop());
  return sandbox;
}

/** Where the stand-ins are, as the environment of a process. */
export const sandboxEnv = (sandbox: Sandbox): Record<string, string> => ({
  OIDC_ISSUER_URL: sandbox.urls.oidc,
  LAGO_API_URL: sandbox.urls.lago,
  STRIPE_API_URL: sandbox.urls.stripe,
  CHARGILY_API_URL: sandbox.urls.chargily,
  LLM_UPSTREAM_URL: `${sandbox.urls.llm}/v1`,
  SMTP_URL: sandbox.smtpUrl,
  SITES_EDGE_URL: sandbox.urls.sites,
});

export interface RunningWorld extends MatrixWorld {
  app: TestApp;
  sandbox: Sandbox;
}

/** The whole API on real stores with the stand-ins behind it, and two tenants that must not see each other. */
export async function startMatrixWorld(cleanUp: CleanUp): Promise<RunningWorld> {
  const sandbox = await startTestSandbox(cleanUp);
  const app = await createTestApp(cleanUp, sandboxEnv(sandbox));
  const api = await startTestApi(app);
  const [owner, stranger] = [await createOwner(app), await createOwner(app, { tenantName: 'The Others' })];
  return {
    app,
    sandbox,
    ctx: app.ctx,
    owner,
    stranger,
    admin: await createUser(app, { roles: ['admin'] }),
    request: (method, path, caller, request) => api.request(method, path, caller, request),
  };
}
