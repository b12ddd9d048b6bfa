import { z } from 'zod';
import { type Sandbox, type SandboxOptions, startSandbox } from './sandbox.ts';

const port = z.coerce.number().int().min(0).max(65535).default(0);
const text = z.string().min(1);
const urls = z
  .string()
  .transform((list) => list.split(',').map((item) => item.trim()))
  .pipe(z.array(z.url()).min(1));

const Environment = z.object({
  SANDBOX_HOST: text.exactOptional(),
  SANDBOX_OIDC_PORT: port,
  SANDBOX_LAGO_PORT: port,
  SANDBOX_STRIPE_PORT: port,
  SANDBOX_CHARGILY_PORT: port,
  SANDBOX_LLM_PORT: port,
  SANDBOX_ANTHROPIC_PORT: port,
  SANDBOX_GEMINI_PORT: port,
  SANDBOX_SITES_PORT: port,
  SANDBOX_SMTP_PORT: port,
  SANDBOX_CONTROL_PORT: port,
  SANDBOX_OIDC_CLIENT_ID: text,
  SANDBOX_OIDC_CLIENT_SECRET: text,
  SANDBOX_OIDC_REDIRECT_URIS: urls,
  SANDBOX_OIDC_POST_LOGOUT_REDIRECT_URIS: urls,
  SANDBOX_OIDC_BACKCHANNEL_LOGOUT_URI: z.url().exactOptional(),
  SANDBOX_OIDC_AUDIENCE: text,
  SANDBOX_OIDC_PUBLIC_URL: z.url().exactOptional(),
  SANDBOX_LAGO_API_KEY: text,
  SANDBOX_LAGO_HMAC_KEY: text,
  SANDBOX_STRIPE_SECRET_KEY: text,
  SANDBOX_STRIPE_WEBHOOK_SECRET: text,
  SANDBOX_STRIPE_WEBHOOK_URL: z.url().exactOptional(),
  SANDBOX_STRIPE_PUBLIC_URL: z.url().exactOptional(),
  SANDBOX_CHARGILY_SECRET_KEY: text,
  SANDBOX_LLM_API_KEY: text,
  SANDBOX_SITES_DIR: text.exactOptional(),
});
type Environment = z.output<typeof Environment>;

function readEnvironment(): Environment {
  // An empty variable is what a shell makes of one that was not set.
  const set = Object.entries(process.env).filter(([, value]) => value !== '');
  const parsed = Environment.safeParse(Object.fromEntries(set));
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  process.stderr.write(`The sandbox cannot start; these variables are wrong:\n${wrong.join('\n')}\n`);
  process.exit(2);
}

function optionsFrom(env: Environment): SandboxOptions {
  return {
    ...optional('host', env.SANDBOX_HOST),
    ports: {
      oidc: env.SANDBOX_OIDC_PORT,
      lago: env.SANDBOX_LAGO_PORT,
      stripe: env.SANDBOX_STRIPE_PORT,
      chargily: env.SANDBOX_CHARGILY_PORT,
      llm: env.SANDBOX_LLM_PORT,
      anthropic: env.SANDBOX_ANTHROPIC_PORT,
      gemini: env.SANDBOX_GEMINI_PORT,
      sites: env.SANDBOX_SITES_PORT,
      smtp: env.SANDBOX_SMTP_PORT,
      control: env.SANDBOX_CONTROL_PORT,
    },
    oidc: {
      clientId: env.SANDBOX_OIDC_CLIENT_ID,
      clientSecret: env.SANDBOX_OIDC_CLIENT_SECRET,
      redirectUris: env.SANDBOX_OIDC_REDIRECT_URIS,
      postLogoutRedirectUris: env.SANDBOX_OIDC_POST_LOGOUT_REDIRECT_URIS,
      audience: env.SANDBOX_OIDC_AUDIENCE,
      ...optional('backchannelLogoutUri', env.SANDBOX_OIDC_BACKCHANNEL_LOGOUT_URI),
      ...optional('publicUrl', env.SANDBOX_OIDC_PUBLIC_URL),
    },
    lago: { apiKey: env.SANDBOX_LAGO_API_KEY, hmacKey: env.SANDBOX_LAGO_HMAC_KEY },
    stripe: {
      secretKey: env.SANDBOX_STRIPE_SECRET_KEY,
      webhookSecret: env.SANDBOX_STRIPE_WEBHOOK_SECRET,
      ...optional('webhookUrl', env.SANDBOX_STRIPE_WEBHOOK_URL),
      ...optional('publicUrl', env.SANDBOX_STRIPE_PUBLIC_URL),
    },
    chargily: { secretKey: env.SANDBOX_CHARGILY_SECRET_KEY },
    llm: { apiKey: env.SANDBOX_LLM_API_KEY },
    ...optional('benchSitesDir', env.SANDBOX_SITES_DIR),
  };
}

function optional<K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, string>);
}

function stopOnSignal(sandbox: Sandbox): void {
  const stop = () => {
    void sandbox.stop().then(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

try {
  const sandbox = await startSandbox(optionsFrom(readEnvironment()));
  stopOnSignal(sandbox);
  process.stdout.write(`${JSON.stringify({ ready: true, urls: { ...sandbox.urls, smtp: sandbox.smtpUrl } })}\n`);
} catch (error) {
  process.stderr.write(`The sandbox cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
