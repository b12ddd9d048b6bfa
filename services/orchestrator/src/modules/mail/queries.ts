import type { Knex } from 'knex';
import type { Locale, TemplateName } from './schemas.ts';

export interface MailRow {
  id: string;
  key: string;
  tenant_id: string | null;
  template: TemplateName;
  locale: Locale;
  to_email: string;
  to_name: string | null;
  /** Sealed: it may hold an invitation's link. Forgotten once the mail is sent. */
  data: string | null;
  subject: string | null;
  state: 'queued' | 'sent' | 'failed';
  attempts: number;
  error: string | null;
  created_at: Date;
  sent_at: Date | null;
  failed_at: Date | null;
}

type NewRow = Pick<MailRow, 'id' | 'key' | 'tenant_id' | 'template' | 'locale' | 'to_email' | 'to_name' | 'data'>;

export const mails = (db: Knex) => ({
  /** False when a mail with this key exists already. */
  insertNew: async (row: NewRow): Promise<boolean> => {
    await db<MailRow>('mails').insert(row).onConflict('key').ignore();
    return (await db<MailRow>('mails').where({ id: row.id }).first('id')) !== undefined;
  },
  find: (id: string) => db<MailRow>('mails').where({ id }).first(),
  markSent: async (id: string, subject: string): Promise<void> => {
    await db<MailRow>('mails')
      .where({ id, state: 'queued' })
      .update({ state: 'sent', sent_at: db.fn.now(3), subject, data: null, error: null });
  },
  noteFailure: async (id: string, error: string, isFinal: boolean): Promise<void> => {
    await db<MailRow>('mails')
      .where({ id, state: 'queued' })
      .update({
        attempts: db.raw('attempts + 1') as unknown as number,
        error,
        ...(isFinal && { state: 'failed', failed_at: db.fn.now(3) }),
      });
  },
});
