import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context } from '#core/context.ts';
import { activeHosts } from './queries.ts';

/** prometheus.io/docs/prometheus/latest/http_sd */
interface TargetGroup {
  targets: string[];
  labels: Record<string, string>;
}

const MAX_SITES = 2000;

/** What Prometheus is to probe: our public addresses, and every active site by its own name through the edge. */
const LISTS: Record<string, (ctx: Context) => TargetGroup[] | Promise<TargetGroup[]>> = {
  '/targets/public': ({ config }) => [
    group(config.PUBLIC_URL, 'app'),
    group(`${config.GATEWAY_PUBLIC_URL}/models`, 'llm'),
    group(`${config.OIDC_ISSUER_URL}/.well-known/openid-configuration`, 'auth'),
  ],
  '/targets/sites': async ({ config, db }) => {
    const hosts = await activeHosts(db, MAX_SITES);
    return hosts.map((host) => ({ targets: [`${config.SITES_EDGE_URL}/api/method/ping`], labels: { host } }));
  },
};

const group = (url: string, name: string): TargetGroup => ({ targets: [url], labels: { name } });

/** Served beside health and metrics, at a port that is never routed to the outside. */
export function serveTargets(ctx: Context, request: IncomingMessage, response: ServerResponse): void {
  const list = LISTS[request.url ?? ''];
  if (!list) return void response.writeHead(404).end();
  Promise.resolve(list(ctx)).then(
    (groups) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(groups)),
    (error: unknown) => {
      ctx.log.warn({ err: error }, 'the targets could not be listed');
      response.writeHead(503).end();
    },
  );
}
