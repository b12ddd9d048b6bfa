import { type AppError } from '#core/errors.ts';
import type { BackendJob, JobRef, SiteBackend, SiteFacts, SiteSpec } from '../backend.ts';
import { BackendNotFound, BackendUnavailable } from '../errors.ts';
import { createRedactor } from '../redact.ts';
import { FrappeAgentClient } from './client.ts';
import { presentJob } from './present-job.ts';
import { AgentJobOrJobs, AgentJobs, AppList, Bench, JobAccepted, Pong, SiteInfo } from './wire.ts';

interface Options {
  url: string;
  token: string;
  bench: string;
  rootPassword: string;
  /** Also kept out of whatever is read back. */
  secrets?: readonly string[];
  timeoutMs?: number;
}

const MAX_IDS = 100;

/** Our bench-runner or a real Frappe Agent: the same wire (contracts/frappe.md §7.2). */
export function createFrappeAgent(options: Options): SiteBackend {
  const redact = createRedactor([options.token, options.rootPassword, ...(options.secrets ?? [])]);
  const client = new FrappeAgentClient({ ...options, redact });
  const bench = `/benches/${encodeURIComponent(options.bench)}`;
  const site = (host: string) => `${bench}/sites/${encodeURIComponent(host)}`;

  const submit = async (op: string, path: string, about: string, body: Record<string, unknown>): Promise<JobRef> => {
    const { job } = await client.call(JobAccepted, { method: 'POST', path, about, op, body });
    return { remoteId: job };
  };
  const list = async (refs: readonly JobRef[]): Promise<BackendJob[]> => {
    if (refs.length > MAX_IDS) throw new Error(`At most ${MAX_IDS} jobs are asked for at once`);
    if (refs.length === 0) return [];
    // One id alone is answered by an object, and by a failure when it is unknown: the first one is asked for twice.
    const ids = [...refs, ...refs.slice(0, 1)].map((ref) => ref.remoteId).join(',');
    const jobs = await client.call(AgentJobs, { method: 'GET', path: `/jobs/${ids}`, about: 'jobs' });
    return jobs.map((job) => presentJob(job, redact));
  };

  return {
    createSite: (op, spec) => submit(op, `${bench}/sites`, `bench ${options.bench}`, newSite(spec, options)),
    archiveSite: (op, host, { force }) =>
      submit(op, `${site(host)}/archive`, `site ${host}`, { mariadb_root_password: options.rootPassword, force }),
    setConfig: (op, host, set, remove) =>
      submit(op, `${site(host)}/config`, `site ${host}`, { config: set, remove: [...remove] }),
    installApp: (op, host, app) => submit(op, `${site(host)}/apps`, `site ${host}`, { name: app }),

    inspect: (host) => inspect(host),
    listApps: async (host) => {
      const path = `${site(host)}/apps?format=json`;
      return (await client.call(AppList, { method: 'GET', path, about: `site ${host}` })).data;
    },

    jobs: list,
    job: async (ref) => (await list([ref]))[0],
    findByOperation: async (op) => {
      const path = `/agent-jobs/${encodeURIComponent(op)}`;
      const found = await client.call(AgentJobs, { method: 'GET', path, about: 'jobs by operation' });
      const newest = found.reduce<(typeof found)[number] | undefined>(
        (best, job) => (best === undefined || job.id > best.id ? job : best),
        undefined,
      );
      return newest && presentJob(newest, redact);
    },
    cancel: async (ref) => {
      await client.call(AgentJobOrJobs, { method: 'POST', path: `/jobs/${ref.remoteId}/cancel`, about: 'job' });
    },
    ping: async () => {
      const { message } = await client.call(Pong, { method: 'GET', path: '/ping', about: 'ping' });
      if (message !== 'pong') throw BackendUnavailable({ reason: 'it does not answer pong' });
    },
  };

  async function inspect(host: string): Promise<SiteFacts | undefined> {
    const about = `site ${host}`;
    try {
      const { data } = await client.call(SiteInfo, { method: 'GET', path: `${site(host)}/info`, about });
      return { siteId: data.config.bastide_site_id ?? null, usageMib: data.usage };
    } catch (error) {
      if ((error as AppError).code !== BackendNotFound.code) throw error;
      // A missing bench is answered by 404 too, and must not be taken for a site that is not there.
      await client.call(Bench, { method: 'GET', path: bench, about: `bench ${options.bench}` });
      return undefined;
    }
  }
}

function newSite(spec: SiteSpec, { rootPassword }: Options): Record<string, unknown> {
  const user = spec.firstUser;
  return {
    name: spec.host,
    apps: ['frappe', ...spec.apps],
    config: spec.config,
    mariadb_root_password: rootPassword,
    admin_password: spec.adminPassword,
    agent_job_timeout: Math.ceil(spec.timeoutMs / 1000),
    ...(user && {
      create_user: {
        email: user.email,
        first_name: user.firstName,
        last_name: user.lastName,
        password: user.password,
      },
    }),
  };
}
