import type { Context } from '#core/context.ts';
import { seal, unseal } from '#core/crypto/seal.ts';
import { toJson } from '#core/db/json.ts';
import { withTransaction } from '#core/db/transaction.ts';
import { NotFound } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { enqueue } from '#core/jobs/enqueue.ts';
import { Unrecoverable } from '#core/jobs/run.ts';
import { type MailRow, mails } from './queries.ts';
import {
  type Locale,
  SEND_ATTEMPTS,
  TEMPLATES,
  type TemplateData,
  type TemplateName,
  sendQueuedMail,
} from './schemas.ts';
import { type Rendered, renderMail } from './templates/render.ts';
import { isPermanent, transmit } from './transport.ts';

interface Mail<T extends TemplateName> {
  template: T;
  /** With the template it makes the mail unique: the id of what the mail is about. */
  key: string;
  to: { email: string; name?: string; locale: Locale };
  data: TemplateData<T>;
}

/** Writes the mail down in the caller's transaction and schedules it; the second call for the same key does nothing. */
export function sendMail<T extends TemplateName>(ctx: Context & { tenantId?: string }, mail: Mail<T>): Promise<void> {
  const id = newId('mail');
  const data = TEMPLATES[mail.template].parse(mail.data);
  return withTransaction(ctx, async (ctx) => {
    const isNew = await mails(ctx.db).insertNew({
      id,
      key: `${mail.template}/${mail.key}`,
      tenant_id: ctx.tenantId ?? null,
      template: mail.template,
      locale: mail.to.locale,
      to_email: mail.to.email,
      to_name: mail.to.name ?? null,
      data: seal(ctx.config, id, toJson(data)),
    });
    if (isNew) await enqueue(ctx, sendQueuedMail, { mailId: id });
  });
}

/**
 * Hands the mail to the server. Killed between its yes and our mark, it goes out again with the same Message-ID, by
 * which mail programs show it once.
 */
export async function transmitMail(ctx: Context, mailId: string): Promise<void> {
  const mail = await mails(ctx.db).find(mailId);
  if (!mail) throw NotFound({ entity: 'mail', id: mailId });
  if (mail.state !== 'queued' || mail.data === null) return;
  const letter = write(ctx, mail, mail.data);
  try {
    await transmit(ctx.config, { id: mail.id, to: { address: mail.to_email, name: mail.to_name ?? '' }, ...letter });
  } catch (error) {
    return refuse(ctx, mail, error);
  }
  await mails(ctx.db).markSent(mail.id, letter.subject);
}

const write = (ctx: Context, mail: MailRow, sealed: string): Rendered =>
  renderMail(mail.template, mail.locale, JSON.parse(unseal(ctx.config, mail.id, sealed)));

/** What the server says about this mail is final; everything else (away, busy, our own password) is tried again. */
async function refuse(ctx: Context, mail: MailRow, error: unknown): Promise<never> {
  const reason = error instanceof Error ? error.message : String(error);
  const isFinal = isPermanent(error) || mail.attempts + 1 >= SEND_ATTEMPTS;
  await mails(ctx.db).noteFailure(mail.id, reason, isFinal);
  if (isFinal) throw new Unrecoverable(reason, { cause: error });
  throw error;
}
