import { z } from 'zod';
import { SetupFailure } from '../failure.ts';
import { reasonOf } from '../wait.ts';
import type { LagoSettings } from './settings.ts';

const TIMEOUT_MS = 30_000;

const Login = z.object({
  loginUser: z.object({
    token: z.string().min(1),
    user: z.object({ organizations: z.array(z.object({ id: z.string() })) }),
  }),
});
const Key = z.object({ organization: z.object({ hmacKey: z.string().min(1) }) });
const Answer = z.object({
  data: z.unknown().optional(),
  errors: z
    .array(z.object({ message: z.string(), extensions: z.object({ details: z.unknown().optional() }).optional() }))
    .optional(),
});

/** Lago answers, and does not take the password. */
export class LoginRefused extends SetupFailure {}

/** The organisation's HMAC key, which has no REST endpoint (contracts/billing.md A1). */
export async function readHmacKey(settings: LagoSettings): Promise<string> {
  const { OPERATOR_EMAIL: email, LAGO_ADMIN_PASSWORD: password } = settings;
  const input = { email, password };
  const query =
    'mutation ($input: LoginUserInput!) { loginUser(input: $input) { token user { organizations { id } } } }';
  const { loginUser } = await ask(settings, Login, { query, variables: { input } }, {});
  const [organization, ...others] = loginUser.user.organizations;
  if (!organization || others.length > 0)
    throw new SetupFailure({
      what: 'Lago’s organisation could not be told',
      why: `${email} belongs to ${others.length + (organization ? 1 : 0)} organisations, not to one`,
      fix: 'keep the operator’s account in one organisation only; invite another address to the others',
    });
  const headers = { authorization: `Bearer ${loginUser.token}`, 'x-lago-organization': organization.id };
  const answer = await ask(settings, Key, { query: 'query { organization { hmacKey } }' }, headers);
  return answer.organization.hmacKey;
}

async function ask<S extends z.ZodType>(
  { LAGO_API_URL: url, OPERATOR_EMAIL: email }: LagoSettings,
  schema: S,
  body: unknown,
  headers: Record<string, string>,
): Promise<z.output<S>> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw unusable(reasonOf(error), error);
  });
  const text = await response.text();
  const answer = Answer.safeParse(parse(text));
  if (!answer.success) throw unusable(`it answered ${response.status} with something else than GraphQL`);
  const [error] = answer.data.errors ?? [];
  // Lago's words: {"details":{"base":["incorrect_login_or_password"]}}.
  if (error && JSON.stringify(error).includes('incorrect_login_or_password'))
    throw new LoginRefused({
      what: 'Lago does not let the operator in',
      why: `it refuses the password of ${email}; Lago takes the password of its first start only`,
      fix: 'put that one into secrets/lago_admin_password, or set the new one in Lago, then: docker compose up -d',
    });
  const data = schema.safeParse(answer.data.data);
  if (data.success) return data.data;
  throw unusable(error?.message ?? 'its answer lacks what was asked for');
}

const unusable = (why: string, cause?: unknown) =>
  new SetupFailure(
    {
      what: 'Lago’s GraphQL API gave no usable answer',
      why,
      fix: 'look at "docker compose logs lago-api"; when it runs, start again: docker compose up -d',
    },
    { cause },
  );

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
