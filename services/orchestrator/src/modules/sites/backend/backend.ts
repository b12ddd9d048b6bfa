/** What a new site is to be. `host` is its name on the bench as well. */
export interface SiteSpec {
  host: string;
  /** Without frappe, which every site has. */
  apps: readonly string[];
  adminPassword: string;
  config: Record<string, unknown>;
  firstUser?: { email: string; firstName: string; lastName: string; password: string };
  /** The backend is to give up by itself after this long. */
  timeoutMs: number;
}

/** A job at the backend. Its id means nothing outside of it. */
export interface JobRef {
  remoteId: number;
}

export interface BackendStep {
  name: string;
  status: 'running' | 'succeeded' | 'failed';
  /** Of the command that runs now, or ran last. */
  percent: number;
  commandsEnded: number;
  /** Everything printed so far, without secrets. */
  output: string;
}

export interface BackendJob extends JobRef {
  kind: string;
  status: 'pending' | 'running' | 'succeeded' | 'failed';
  /** In order; a step appears when it starts. */
  steps: readonly BackendStep[];
  /** Why it failed, in one line. */
  failure: string | null;
}

export interface SiteFacts {
  /** The id that we wrote into the site's configuration; null for a site that somebody else made. */
  siteId: string | null;
  usageMib: { database: number; public: number; private: number; backups: number };
}

/**
 * Where sites live. `op` is a UUID made once per intent and stored before the first call: with it the caller finds out
 * whether a call whose answer was lost has arrived. Errors: see errors.ts.
 */
export interface SiteBackend {
  createSite(op: string, spec: SiteSpec): Promise<JobRef>;
  /** Drops the site with its database; harmless when it is gone. */
  archiveSite(op: string, host: string, options: { force: boolean }): Promise<JobRef>;
  setConfig(op: string, host: string, set: Record<string, unknown>, remove: readonly string[]): Promise<JobRef>;
  installApp(op: string, host: string, app: string): Promise<JobRef>;
  /** Undefined when there is no such site. */
  inspect(host: string): Promise<SiteFacts | undefined>;
  listApps(host: string): Promise<string[]>;
  /** Undefined when the backend knows no such job (any more). */
  job(ref: JobRef): Promise<BackendJob | undefined>;
  /** Those that are known, in no order. At most 100. */
  jobs(refs: readonly JobRef[]): Promise<BackendJob[]>;
  /** The newest job that was asked for under `op`. */
  findByOperation(op: string): Promise<BackendJob | undefined>;
  cancel(ref: JobRef): Promise<void>;
  ping(): Promise<void>;
}
