import test, { type ExecutionContext } from 'ava';
import { createTransport } from 'nodemailer';
import { Clock } from '../kernel/clock.ts';
import { Faults } from '../kernel/faults.ts';
import { RequestLog } from '../kernel/request-log.ts';
import { startSmtp } from './smtp.ts';

async function catcher(t: ExecutionContext) {
  const world = { clock: new Clock(), faults: new Faults(), log: new RequestLog() };
  const smtp = await startSmtp(world, { port: 0 });
  t.teardown(() => smtp.stop());
  const send = (extra: Record<string, unknown> = {}) =>
    createTransport(`${smtp.url}?socketTimeout=1500`).sendMail({
      from: 'Bastide <hello@bastide.test>',
      to: 'Olivia <owner@example.test>',
      subject: 'Votre site est prêt ✓',
      text: 'Bonjour',
      html: '<p>Bonjour</p>',
      headers: { 'x-mail-id': 'mail_1' },
      ...extra,
    });
  return { world, smtp, send };
}

test('keeps a mail with its parts, headers and every recipient', async (t) => {
  const { smtp, send } = await catcher(t);
  await send({ bcc: 'hidden@example.test', attachments: [{ filename: 'a.txt', content: 'abc' }] });
  const [mail] = smtp.mails.list();
  t.like(mail, {
    from: 'hello@bastide.test',
    subject: 'Votre site est prêt ✓',
    headers: { 'x-mail-id': 'mail_1' },
    attachments: [{ filename: 'a.txt', sizeBytes: 3 }],
  });
  t.deepEqual(mail?.to, ['owner@example.test', 'hidden@example.test']);
  t.is(mail?.text.trim(), 'Bonjour');
  t.is(mail?.html.trim(), '<p>Bonjour</p>');
  t.is(smtp.mails.get(mail?.id ?? ''), mail);
  t.is(smtp.mails.list({ to: 'HIDDEN@example.test' }).length, 1);
  t.is(smtp.mails.list({ to: 'nobody@example.test' }).length, 0);
});

test('accepts any name and password', async (t) => {
  const { smtp } = await catcher(t);
  const url = smtp.url.replace('smtp://', 'smtp://someone:secret@');
  await createTransport(url).sendMail({ from: 'a@b.test', to: 'c@d.test', text: 'hello' });
  t.is(smtp.mails.list().length, 1);
});

test('answers 451 or 550 to DATA and keeps nothing', async (t) => {
  const { world, smtp, send } = await catcher(t);
  world.faults.add({ target: 'smtp', kind: 'smtp_4xx', times: 1 });
  await t.throwsAsync(send(), { message: /451/ });
  world.faults.add({ target: 'smtp', kind: 'smtp_5xx', times: 1, path: 'owner@example\\.test' });
  await t.throwsAsync(send(), { message: /550/ });
  t.is(smtp.mails.list().length, 0);
  await send();
  t.is(smtp.mails.list().length, 1);
  t.deepEqual(
    world.log.list({ standIn: 'smtp' }).map(({ status, fault }) => [status, fault]),
    [
      [451, 'smtp_4xx'],
      [550, 'smtp_5xx'],
      [250, undefined],
    ],
  );
});

test('keeps a mail whose sender never hears about it', async (t) => {
  const { world, smtp, send } = await catcher(t);
  world.faults.add({ target: 'smtp', kind: 'smtp_drop_after', times: 1 });
  await t.throwsAsync(send());
  t.is(smtp.mails.list().length, 1);
});

test('answers late, or never, and keeps working', async (t) => {
  const { world, smtp, send } = await catcher(t);
  world.faults.add({ target: 'smtp', kind: 'latency', ms: 150, times: 1 });
  const before = Date.now();
  await send();
  t.true(Date.now() - before >= 145);
  world.faults.add({ target: 'smtp', kind: 'hang', times: 1 });
  await t.throwsAsync(send(), { message: /timeout/i });
  await send();
  t.is(smtp.mails.list().length, 2);
});

test('stops at once although a client is still connected', async (t) => {
  const { world, smtp, send } = await catcher(t);
  world.faults.add({ target: 'smtp', kind: 'hang' });
  const sending = t.throwsAsync(send());
  while (world.log.list().length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  const before = Date.now();
  await smtp.stop();
  t.true(Date.now() - before < 1400);
  await sending;
});
