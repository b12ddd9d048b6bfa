import { readFileSync } from 'node:fs';
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
  const config: Partial<Record<VariableName, unknown>> = {};
  const problems: string[] = [];
  for (const [name, variable] of Object.entries(variables)) {
    try {
      const result = variable.schema.safeParse(rawValue(env, name));
      if (result.success) config[name as VariableName] = result.data;
      else problems.push(`${name}: ${problem(result.error.issues)} (${variable.about})`);
    } catch (error) {
      problems.push(`${name}_FILE: ${(error as Error).message}`);
    }
  }
  problems.push(...contradictions(config as Config));
  if (problems.length > 0) throw new ConfigError(problems);
  return config as Config;
}

/** NAME wins over NAME_FILE; an empty string counts as unset, as in compose files. */
function rawValue(env: Record<string, string | undefined>, name: string): string | undefined {
  if (env[name]) return env[name];
  const file = env[`${name}_FILE`];
  return file ? readFileSync(file, 'utf8').trim() : undefined;
}

function problem(issues: readonly { code: string; message: string; input?: unknown }[]): string {
  const [first] = issues;
  if (first?.code === 'invalid_type' && first.input === undefined) return 'is not set';
  return issues.map((issue) => issue.message).join(', ');
}

function contradictions(config: Config): string[] {
  if (config.NODE_ENV !== 'production') return [];
  const isPlain = (url: unknown) => typeof url === 'string' && !url.startsWith('https://');
  return [
    ...(isPlain(config.PUBLIC_URL)
      ? ['PUBLIC_URL: must be https in production, because the session cookie is only sent over TLS']
      : []),
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
