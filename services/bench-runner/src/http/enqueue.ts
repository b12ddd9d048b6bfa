import type Router from '@koa/router';
import { z } from 'zod';
import { SiteName } from '../bench/names.ts';
import { maskSecrets } from '../redact.ts';
import type { Doors } from './app.ts';
import { readBody } from './body.ts';
import { notFound } from './errors.ts';
import { JOB_DOORS } from './job-doors.ts';

const DAY_S = 24 * 60 * 60;
const AgentJobId = z.string().regex(/^[\x21-\x7e]{1,140}$/, 'X-Agent-Job-Id must be 1 to 140 printable characters');
const Timeout = z.object({ agent_job_timeout: z.number().positive().optional() });

/** A request becomes a row before anything is done; the same X-Agent-Job-Id again is answered with the first one. */
export function addJobDoors(router: Router, { store, vault, sites, lanes, config }: Doors): void {
  for (const { method, path, kind, site: siteRule, request } of JOB_DOORS)
    router[method](path, async (ctx) => {
      const body = await readBody(ctx.req);
      const agentJobId = ctx.get('x-agent-job-id') === '' ? null : AgentJobId.parse(ctx.get('x-agent-job-id'));
      const known = agentJobId === null ? undefined : store.byAgentJobId(agentJobId);
      if (known) {
        ctx.body = { job: known.id };
        return;
      }
      const { params } = ctx;
      const site = siteRule === 'in body' ? z.object({ name: SiteName }).parse(body).name : (params['site'] ?? null);
      if (siteRule === 'required' && site !== null && !sites.isFinished(site)) throw notFound(`Site ${site}`);
      const fields = request ? request(body, params) : body;
      kind.parse(fields);
      const { agent_job_timeout: timeoutS } = Timeout.parse(body);
      const row = store.insert({
        agent_job_id: agentJobId,
        kind: kind.name,
        lane: kind.lane,
        site,
        timeout_ms: timeoutS === undefined ? config.jobTimeoutMs : Math.min(timeoutS, DAY_S) * 1000,
        data: { function: kind.function, args: [], kwargs: maskSecrets(fields) },
        sealed_request: vault.seal(JSON.stringify(fields)),
      });
      lanes.wake(kind.lane);
      ctx.body = { job: row.id };
    });
}
