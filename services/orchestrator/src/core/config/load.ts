import { readFileSync } from 'node:fs';
import type { Values, VariableSet } from './variable.ts';
import { type Config, type VariableName, variables } from './variables.ts';

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((p) => `  - ${p}`).join('\n')}`);
    this.problems = problems;
  }
}

/** Reads and checks everything at once: the person who fixes it sees every wrong variable in one go. */
export function loadConfig(env: Record<string, string | undefined> = process.env): Config {
  const { values, problems } = readVariables(variables, env);
  problems.push(...contradictions(values));
  if (problems.length > 0) throw new ConfigError(problems);
  return values as Config;
}

/** The same for variables of one purpose only, such as the setting up of a service. */
export function loadVariables<V extends VariableSet>(
  set: V,
  env: Record<string, string | undefined> = process.env,
): Values<V> {
  const { values, problems } = readVariables(set, env);
  if (problems.length > 0) throw new ConfigError(problems);
  return values as Values<V>;
}

function readVariables<V extends VariableSet>(set: V, env: Record<string, string | undefined>) {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, variable] of Object.entries(set)) {
    try {
      const result = variable.schema.safeParse(rawValue(env, name));
      if (result.success) values[name] = result.data;
      else problems.push(`${name}: ${problem(result.error.issues)} (${variable.about})`);
    } catch (error) {
      problems.push(`${name}_FILE: ${(error as Error).message}`);
    }
  }
  return { values: values as Partial<Values<V>>, problems };
}

/** NAME wins over NAME_FILE; an empty string or file counts as unset: compose has a file for every secret there may be. */
function rawValue(env: Record<string, string | undefined>, name: string): string | undefined {
  if (env[name]) return env[name];
  const file = env[`${name}_FILE`];
  return file ? readFileSync(file, 'utf8').trim() || undefined : undefined;
}

function problem(issues: readonly { code: string; message: string; input?: unknown }[]): string {
  const [first] = issues;
  if (first?.code === 'invalid_type' && first.input === undefined) return 'is not set';
  return issues.map((issue) => issue.message).join(', ');
}

/** What only works together: one without the other is a mistake, and neither means that the feature is off. */
const PAIRS = [
  ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET', 'card payments'],
  ['LLM_UPSTREAM_URL', 'LLM_UPSTREAM_KEY', 'that LLM provider'],
] as const;

function contradictions(config: Partial<Config>): string[] {
  const halves = PAIRS.flatMap(([one, other, what]) => {
    if ((config[one] === undefined) === (config[other] === undefined)) return [];
    const [missing, given] = config[one] === undefined ? [one, other] : [other, one];
    return [`${missing}: is not set, but ${given} is; set both, or neither to run without ${what}`];
  });
  return [...halves, ...unsafe(config)];
}

function unsafe(config: Partial<Config>): string[] {
  if (config.NODE_ENV !== 'production') return [];
  const isPlain = (url: unknown) => typeof url === 'string' && !url.startsWith('https://');
  return [
    ...(isPlain(config.PUBLIC_URL)
      ? ['PUBLIC_URL: must be https in production, because the session cookie is only sent over TLS']
      : []),
    ...(isPlain(config.ADMIN_URL) ? ['ADMIN_URL: must be https in production, like PUBLIC_URL'] : []),
    ...(isPlain(config.OIDC_ISSUER_URL)
      ? ['OIDC_ISSUER_URL: must be https in production, because whoever can change its answers can be anybody']
      : []),
  ];
}

/** What may be logged at start. */
export function publicConfig(config: Config): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).filter(([name]) => {
      const variable: { secret?: boolean } = variables[name as VariableName];
      return !variable.secret;
    }),
  );
}
