import test from 'ava';
import type { TemplateName } from '../schemas.ts';
import { escapeHtml } from './layout.ts';
import { renderMail } from './render.ts';

const EVIL = `<script>alert("x")</script>&'"><img src=x onerror=alert(1)>`;
const url = 'https://app.example.test/x?a=1&b=2';

/** Every text field holds what an attacker would call their tenant. */
const samples: Record<TemplateName, object> = {
  welcome: { tenantName: EVIL, dashboardUrl: url },
  invitation: {
    tenantName: EVIL,
    inviterName: EVIL,
    role: 'editor',
    acceptUrl: url,
    expiresAt: '2026-03-01T12:30:00.000Z',
  },
  site_ready: { tenantName: EVIL, host: EVIL, siteUrl: url, dashboardUrl: url },
  invoice: { number: EVIL, currency: 'EUR', totalMinor: 123456, isPaid: false, description: EVIL, invoiceUrl: url },
  payment_failed: { number: EVIL, currency: 'DZD', totalMinor: 500000, reason: EVIL, invoiceUrl: url },
  payment_action: { number: EVIL, currency: 'EUR', totalMinor: 2900, invoiceUrl: url },
  refund_sent: { number: EVIL, currency: 'EUR', totalMinor: 2900, invoiceUrl: url },
  refund_due: { number: EVIL, currency: 'EUR', totalMinor: 2900, isDouble: true, invoiceUrl: url },
  order_expired: { planName: EVIL, billingUrl: url },
  plan_kept: { planName: EVIL, wantedPlanName: EVIL, billingUrl: url },
  downgrade_scheduled: { planName: EVIL, nextPlanName: EVIL, at: '2026-03-01T00:00:00.000Z', billingUrl: url },
  cancellation_scheduled: { planName: EVIL, endsAt: '2026-03-01T00:00:00.000Z', billingUrl: url },
  subscription_ended: { planName: EVIL, billingUrl: url },
};
const templates = Object.keys(samples) as TemplateName[];
const locales = ['en', 'fr'] as const;

for (const template of templates)
  for (const locale of locales)
    test(`${template} in ${locale}: HTML and text, escaped, complete`, (t) => {
      const { subject, html, text } = renderMail(template, locale, samples[template]);
      t.true(html.includes(escapeHtml(EVIL)), 'what people wrote is shown as they wrote it');
      t.false(/<script|<img/i.test(html), 'and never run');
      t.false(/undefined|NaN|\[object/.test(subject + html + text));
      t.true(text.includes(EVIL), 'plain text is plain');
      t.true(text.includes(url));
      t.true(html.includes(`href="${escapeHtml(url)}"`));
      t.true(html.includes(`<html lang="${locale}">`));
      t.is(subject.trim(), subject);
      t.true(subject.length > 0);
      const other = renderMail(template, locale === 'en' ? 'fr' : 'en', samples[template]);
      t.not(other.text, text, 'really translated');
    });

test('a subject is one line, whatever a name holds', (t) => {
  const { subject } = renderMail('welcome', 'en', {
    tenantName: 'A\r\nBcc: evil@example.test\n\nB',
    dashboardUrl: url,
  });
  t.is(subject, 'A Bcc: evil@example.test B is set up on Bastide');
});

test('amounts and dates are written as the reader does', (t) => {
  const invoice = samples.invoice;
  t.true(renderMail('invoice', 'en', invoice).text.includes('€1,234.56'));
  t.regex(renderMail('invoice', 'fr', invoice).text, /1\s234,56\s€/);
  t.regex(renderMail('payment_failed', 'fr', samples.payment_failed).text, /5\s000,00\sDZD/);
  t.true(renderMail('invitation', 'en', samples.invitation).text.includes('1 March 2026 at 12:30 UTC'));
  t.true(renderMail('invitation', 'fr', samples.invitation).text.includes('1 mars 2026 à 12:30 UTC'));
});

test('links lead to web pages only', (t) => {
  for (const dashboardUrl of ['javascript:alert(1)', 'data:text/html,x', 'not a url', ''])
    t.throws(() => renderMail('welcome', 'en', { tenantName: 'A', dashboardUrl }));
});

test('a paid invoice thanks, an open one asks', (t) => {
  const { subject, text } = renderMail('invoice', 'en', { ...samples.invoice, number: 'BST-1', isPaid: true });
  t.is(subject, 'Invoice BST-1 is paid');
  t.true(text.includes('Thank you for your payment'));
});

test('a refund says how much comes back, and why', (t) => {
  const data = { number: 'BST-1', currency: 'EUR', totalMinor: 2900, isDouble: true, invoiceUrl: url };
  const twice = renderMail('refund_due', 'en', data);
  t.is(twice.subject, 'Your payment for invoice BST-1 will be refunded');
  t.regex(twice.text, /€29\.00/);
  t.regex(twice.text, /had been paid already/);
  t.regex(renderMail('refund_due', 'en', { ...data, isDouble: false }).text, /order had been canceled/);
  t.regex(renderMail('refund_due', 'fr', data).text, /déjà été réglée/);
  t.regex(renderMail('refund_due', 'fr', { ...data, isDouble: false }).text, /avait été annulée/);
});
