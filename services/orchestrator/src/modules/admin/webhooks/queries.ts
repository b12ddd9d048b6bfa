import type { Knex } from 'knex';
import { type Page, type PageQuery, paginate } from '#core/http/pagination.ts';
import { firstIdOf } from '#core/ids.ts';
import type { InboxRow } from '#core/inbox/receive.ts';

export type WebhookState = 'waiting' | 'failed' | 'handled';

/** A webhook and the job that handles it, or did; the job's row is forgotten after a month. */
export interface WebhookRow extends InboxRow {
  job_state: 'pending' | 'sent' | 'running' | 'done' | 'failed' | null;
  job_error: string | null;
  job_attempts: number | null;
  job_run_at: Date | null;
}

export interface WebhookFilter {
  source?: string | undefined;
  type?: string | undefined;
  state?: WebhookState | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
  /** Its id, the sender's id, or anything that its body has. */
  text?: string | undefined;
}

const LIST = ['i.id', 'i.source', 'i.event_key', 'i.event_type', 'i.received_at', 'i.handled_at', 'i.outcome'];
const REPLAYS = ['i.replays', 'i.replayed_at'];
const JOB = { job_state: 'o.state', job_error: 'o.error', job_attempts: 'o.attempts', job_run_at: 'o.run_at' };

const literally = (text: string): string => text.replaceAll(/[\\%_]/g, String.raw`\$&`);

/** `jobs`: the name of each source's job. */
export const webhooks = (db: Knex, jobs: Readonly<Record<string, string>>) => {
  // Converted, because the key's column is ASCII: compared with anything else its index would not be used.
  const names = Object.entries(jobs);
  const jobName = names.length > 0 ? `case i.source ${names.map(() => 'when ? then ?').join(' ')} end` : 'null';
  const key = `convert(concat(${jobName}, '/', i.id, if(i.replays = 0, '', concat('/', i.replays))) using ascii)`;
  const rows = () =>
    db('inbox as i').leftJoin('outbox as o', 'o.key', db.raw(`${key} collate ascii_bin`, names.flat()));
  return {
    page: (filter: WebhookFilter, query: PageQuery): Promise<Page<WebhookRow>> => {
      const found = rows().select(...LIST, ...REPLAYS, JOB);
      if (filter.source !== undefined) void found.where('i.source', filter.source);
      if (filter.type !== undefined) void found.where('i.event_type', filter.type);
      if (filter.since) void found.where('i.id', '>=', firstIdOf('inbox', filter.since));
      if (filter.until) void found.where('i.id', '<', firstIdOf('inbox', filter.until));
      if (filter.state === 'handled') void found.whereNotNull('i.handled_at');
      if (filter.state === 'failed') void found.whereNull('i.handled_at').where('o.state', 'failed');
      if (filter.state === 'waiting')
        void found.whereNull('i.handled_at').whereRaw(`coalesce(o.state, '') <> 'failed'`);
      const { text } = filter;
      if (text !== undefined)
        void found.where((any) => {
          void any.where('i.event_key', text).orWhere('i.body', 'like', `%${literally(text)}%`);
          // The column is ASCII: the database refuses to compare it with anything else.
          if (/^inb_\w+$/.test(text)) void any.orWhere('i.id', text);
        });
      return paginate(found as unknown as Knex.QueryBuilder<WebhookRow, WebhookRow[]>, query, 'i.id');
    },
    find: async (id: string): Promise<WebhookRow | undefined> =>
      (await rows().where('i.id', id).select('i.*', JOB).limit(1))[0] as WebhookRow | undefined,
    lock: (id: string) => db<InboxRow>('inbox').where({ id }).forUpdate().first(),
  };
};
