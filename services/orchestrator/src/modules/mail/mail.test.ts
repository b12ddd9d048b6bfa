import test from 'ava';
import { type Sandbox } from '@bastide/sandbox';
import { withTransaction } from '#core/db/transaction.ts';
import { Unrecoverable } from '#core/jobs/run.ts';
import { sandboxEnv, startTestSandbox } from '#test/support/matrix-world.ts';
import { type TestApp, atEnd, atEndOfFile, createTestApp, eventually } from '#test/support/stack.ts';
import { startTestWorker } from '#test/support/worker.ts';
import { mailHandlers } from './jobs.ts';
import type { MailRow } from './queries.ts';
import { sendMail, transmitMail } from './service.ts';
import { messageId } from './transport.ts';

const cleanUp = atEndOfFile(test);
let sandbox: Sandbox;
let app: TestApp;

test.before(async () => {
  sandbox = await startTestSandbox(cleanUp);
  app = await createTestApp(cleanUp, sandboxEnv(sandbox));
  startTestWorker(app, { handlers: mailHandlers });
});

const welcome = (email: string, tenantName = 'Café', key = email) =>
  ({
    template: 'welcome',
    key,
    to: { email, name: 'Olivia', locale: 'en' },
    data: { tenantName, dashboardUrl: 'https://app.example.test' },
  }) as const;
const rowOf = async (email: string, from = app): Promise<MailRow | undefined> =>
  from.ctx.db('mails').where({ to_email: email }).first<MailRow | undefined>();
const settled = (email: string, state: MailRow['state'], from = app) =>
  eventually(`the mail to ${email} to be ${state}`, async () => {
    const row = await rowOf(email, from);
    return row?.state === state && row;
  });
const arrived = (to: string) => sandbox.mails.list({ to });
const fault = (kind: string, path: string, more: object = {}) =>
  sandbox.world.faults.add({ target: 'smtp', kind, path, ...more });

test('arrives with HTML, text and a Message-ID of ours', async (t) => {
  await sendMail(app.ctx, welcome('first@example.test', '<b>Café & Co</b>'));
  const row = await settled('first@example.test', 'sent');
  const [mail, ...others] = arrived('first@example.test');
  t.is(others.length, 0);
  t.is(mail?.from, 'no-reply@example.test');
  t.is(mail?.subject, '<b>Café & Co</b> is set up on Bastide');
  t.is(mail?.headers['message-id'], `<${row.id}@example.test>`);
  t.is(mail?.headers['auto-submitted'], 'auto-generated');
  t.true(mail?.text.includes('<b>Café & Co</b> is ready.'));
  t.true(mail?.html.includes('&lt;b&gt;Café &amp; Co&lt;/b&gt;'));
  t.like(row, { data: null, error: null, subject: '<b>Café & Co</b> is set up on Bastide' });
  t.true(row.sent_at instanceof Date);
});

test('the same mail is sent once, however often it is asked for and however often its job runs', async (t) => {
  await Promise.all(Array.from({ length: 8 }, () => sendMail(app.ctx, welcome('once@example.test'))));
  const row = await settled('once@example.test', 'sent');
  await sendMail(app.ctx, welcome('once@example.test'));
  await transmitMail(app.ctx, row.id);
  t.is(arrived('once@example.test').length, 1);
  t.is((await app.ctx.db('mails').where({ to_email: 'once@example.test' })).length, 1);
});

test('a change that was taken back mails nothing', async (t) => {
  await t.throwsAsync(
    withTransaction(app.ctx, async (ctx) => {
      await sendMail(ctx, welcome('never@example.test'));
      throw new Error('taken back');
    }),
  );
  t.is(await rowOf('never@example.test'), undefined);
});

test('a mail that waits shows nothing of what it says', async (t) => {
  const quiet = await createTestApp(atEnd(t), sandboxEnv(sandbox));
  await sendMail(quiet.ctx, welcome('sealed@example.test', 'Top Secret'));
  t.false(JSON.stringify(await quiet.ctx.db('mails')).includes('Top Secret'));
  t.false(JSON.stringify(await quiet.ctx.db('outbox')).includes('Top Secret'));
});

test('451 is tried again until it goes through', async (t) => {
  fault('smtp_4xx', 'busy@', { times: 2 });
  await sendMail(app.ctx, welcome('busy@example.test'));
  const row = await settled('busy@example.test', 'sent');
  t.is(row.attempts, 2);
  t.is(arrived('busy@example.test').length, 1);
});

test('550 is final: failed with its reason, and not tried again', async (t) => {
  const struck = fault('smtp_5xx', 'gone@');
  await sendMail(app.ctx, welcome('gone@example.test'));
  const row = await settled('gone@example.test', 'failed');
  t.regex(row.error ?? '', /550.*Mailbox unavailable/);
  t.is(row.attempts, 1);
  t.true(row.failed_at instanceof Date);
  const job = await eventually('its job to wait for a person', async () => {
    const found = await app.ctx
      .db('outbox')
      .where({ key: `mail.send/${row.id}` })
      .first<{ state: string; attempts: number }>();
    return found.state === 'failed' && found;
  });
  t.is(job.attempts, 1);
  sandbox.world.faults.remove(struck.id);
  await transmitMail(app.ctx, row.id);
  t.is(arrived('gone@example.test').length, 0, 'a late second run sends nothing');
});

test('a connection cut after the server took the mail: again, under the same Message-ID', async (t) => {
  fault('smtp_drop_after', 'cut@', { times: 1 });
  await sendMail(app.ctx, welcome('cut@example.test'));
  const row = await settled('cut@example.test', 'sent');
  const ids = arrived('cut@example.test').map(({ headers }) => headers['message-id']);
  t.deepEqual(ids, [`<${row.id}@example.test>`, `<${row.id}@example.test>`]);
});

test('a server that is away is waited for', async (t) => {
  const away = await createTestApp(atEnd(t), { ...sandboxEnv(sandbox), SMTP_URL: 'smtp://127.0.0.1:1' });
  await sendMail(away.ctx, welcome('away@example.test'));
  const { id } = (await rowOf('away@example.test', away)) ?? { id: '' };
  const error = await t.throwsAsync(transmitMail(away.ctx, id));
  t.false(error instanceof Unrecoverable);
  t.like(await rowOf('away@example.test', away), { state: 'queued', attempts: 1 });
  const back = { ...away.ctx, config: { ...away.ctx.config, SMTP_URL: sandbox.smtpUrl } };
  await transmitMail(back, id);
  t.like(await rowOf('away@example.test', away), { state: 'sent' });
});

test('gives up in the end', async (t) => {
  const away = await createTestApp(atEnd(t), { ...sandboxEnv(sandbox), SMTP_URL: 'smtp://127.0.0.1:1' });
  await sendMail(away.ctx, welcome('hopeless@example.test'));
  const { id } = (await rowOf('hopeless@example.test', away)) ?? { id: '' };
  await away.ctx.db('mails').where({ id }).update({ attempts: 99 });
  await t.throwsAsync(transmitMail(away.ctx, id), { instanceOf: Unrecoverable });
  t.like(await rowOf('hopeless@example.test', away), { state: 'failed' });
});

test('a name that looks like a header stays a name', async (t) => {
  const mail = welcome('named@example.test');
  await sendMail(app.ctx, { ...mail, to: { ...mail.to, name: 'Eve\r\nBcc: victim@example.test' } });
  await settled('named@example.test', 'sent');
  t.is(arrived('victim@example.test').length, 0);
  t.deepEqual(arrived('named@example.test')[0]?.to, ['named@example.test']);
});

test('an address cannot smuggle in a second one', async (t) => {
  await sendMail(app.ctx, welcome('a@example.test,smuggled@example.test'));
  await eventually('the mail to be settled', async () => {
    const row = await rowOf('a@example.test,smuggled@example.test');
    return row?.state === 'failed' || row?.state === 'sent' || (row?.attempts ?? 0) > 0;
  });
  t.is(arrived('smuggled@example.test').length, 0);
});

test('the Message-ID’s domain is the sender’s', (t) => {
  t.is(messageId('Bastide <no-reply@example.com>', 'mail_1'), '<mail_1@example.com>');
  t.is(messageId('no-reply@example.com', 'mail_1'), '<mail_1@example.com>');
  t.is(messageId('"a@b" <no-reply@example.com> ', 'mail_1'), '<mail_1@example.com>');
});
