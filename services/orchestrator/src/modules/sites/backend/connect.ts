import type { Context } from '#core/context.ts';
import type { SiteBackend } from './backend.ts';
import { createFrappeAgent } from './frappe-agent/driver.ts';

/** @param secrets what this site's jobs may print and nobody may read */
export function siteBackend({ config }: Context, secrets: readonly string[] = []): SiteBackend {
  return createFrappeAgent({
    url: config.FRAPPE_AGENT_URL,
    token: config.FRAPPE_AGENT_TOKEN,
    bench: config.FRAPPE_BENCH,
    rootPassword: config.SITES_DB_ROOT_PASSWORD,
    timeoutMs: config.FRAPPE_AGENT_TIMEOUT_MS,
    secrets,
  });
}
