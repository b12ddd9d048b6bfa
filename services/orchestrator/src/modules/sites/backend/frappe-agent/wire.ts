import { z } from 'zod';

/** The answers of Frappe Agent (contracts §1); unknown fields are dropped, missing ones forgiven where it differs by version. */
const Status = z.string();

/** A finished command (`data` of a step) or a running one: only what it printed is ever read. */
const Printed = z.object({ output: z.string().nullish() });

const Command = Printed.extend({ status: Status.nullish() });

const Step = z.object({
  name: z.string(),
  status: Status,
  data: z.unknown(),
  commands: z.array(Command).nullish(),
});

export const AgentJob = z.object({
  id: z.number().int(),
  name: z.string(),
  status: Status,
  agent_job_id: z.string().nullish(),
  data: z.unknown(),
  steps: z.array(Step).nullish(),
});
export type AgentJob = z.output<typeof AgentJob>;

export const AgentJobs = z.array(AgentJob);
/** One numeric id is answered by an object, several by an array. */
export const AgentJobOrJobs = z.union([AgentJobs, AgentJob.transform((job) => [job])]);

export const JobAccepted = z.object({ job: z.number().int() });

/** The configuration holds db_password: nothing but our own key is let through. */
export const SiteInfo = z.object({
  data: z.object({
    config: z.object({ bastide_site_id: z.string().nullish() }),
    usage: z
      .object({
        database: z.number().default(0),
        public: z.number().default(0),
        private: z.number().default(0),
        backups: z.number().default(0),
      })
      .default({ database: 0, public: 0, private: 0, backups: 0 }),
  }),
});

export const AppList = z.object({ data: z.array(z.string()) });
/** Only that it is there matters. */
export const Bench = z.looseObject({});
export const Pong = z.object({ message: z.string() });

/** Errors come as lines of a traceback, as a message, or as the execution of the command that failed. */
export const AgentError = z.object({
  error: z.union([z.array(z.string()), z.string()]).nullish(),
  message: z.string().nullish(),
  output: z.string().nullish(),
  traceback: z.string().nullish(),
});

export const printedBy = (data: unknown): string => Printed.safeParse(data).data?.output ?? '';
