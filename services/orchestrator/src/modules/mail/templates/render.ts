import { type Locale, TEMPLATES, type TemplateData, type TemplateName } from '../schemas.ts';
import { invitation, welcome } from './account.ts';
import { invoice, paymentAction, paymentFailed, refundDue, refundSent } from './billing.ts';
import { toHtml, toText } from './layout.ts';
import { type Letter, type Translate, translator } from './letter.ts';
import { cancellationScheduled, downgradeScheduled, orderExpired, planKept, subscriptionEnded } from './plans.ts';
import { siteReady } from './sites.ts';

export interface Rendered {
  subject: string;
  html: string;
  text: string;
}

const WRITERS: { [T in TemplateName]: (data: TemplateData<T>, t: Translate) => Letter } = {
  welcome,
  invitation,
  site_ready: siteReady,
  invoice,
  payment_failed: paymentFailed,
  refund_due: refundDue,
  payment_action: paymentAction,
  refund_sent: refundSent,
  order_expired: orderExpired,
  plan_kept: planKept,
  downgrade_scheduled: downgradeScheduled,
  cancellation_scheduled: cancellationScheduled,
  subscription_ended: subscriptionEnded,
};

/** `data` comes out of storage, so its shape is checked again. */
export function renderMail<T extends TemplateName>(template: T, locale: Locale, data: unknown): Rendered {
  const letter = WRITERS[template](TEMPLATES[template].parse(data) as TemplateData<T>, translator(locale));
  // A subject is one line: a name with a line break must not begin a header of its own.
  const subject = letter.subject.replaceAll(/\s+/g, ' ');
  return { subject, html: toHtml({ ...letter, subject }, locale), text: toText(letter, locale) };
}
