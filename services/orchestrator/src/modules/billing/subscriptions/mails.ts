import type { TenantContext } from '#core/context.ts';
import { planOf } from '#modules/catalogue/service.ts';
import { ownersOf } from '#modules/identity/members/service.ts';
import { sendMail } from '#modules/mail/service.ts';

type Owner = Awaited<ReturnType<typeof ownersOf>>[number];

const nameIn = (ctx: TenantContext, { locale }: Owner, priceCode: string): string =>
  planOf(ctx, priceCode)?.name[locale] ?? priceCode;
const billingUrl = (ctx: TenantContext): string => `${ctx.config.PUBLIC_URL}/billing`;

/** To every owner, in their language; each once. */
async function mailOwners(ctx: TenantContext, send: (owner: Owner) => Promise<void>): Promise<void> {
  for (const owner of await ownersOf(ctx)) await send(owner);
}

export const mailOrderExpired = (ctx: TenantContext, about: { id: string; price_code: string }) =>
  mailOwners(ctx, (owner) =>
    sendMail(ctx, {
      template: 'order_expired',
      key: `${about.id}/${owner.userId}`,
      to: owner,
      data: { planName: nameIn(ctx, owner, about.price_code), billingUrl: billingUrl(ctx) },
    }),
  );

export const mailEnded = (ctx: TenantContext, about: { id: string; price_code: string }) =>
  mailOwners(ctx, (owner) =>
    sendMail(ctx, {
      template: 'subscription_ended',
      key: `${about.id}/${owner.userId}`,
      to: owner,
      data: { planName: nameIn(ctx, owner, about.price_code), billingUrl: billingUrl(ctx) },
    }),
  );

interface Changed {
  id: string;
  from_price_code: string;
  to_price_code: string | null;
}

export const mailPlanKept = (ctx: TenantContext, change: Changed) =>
  mailOwners(ctx, (owner) =>
    sendMail(ctx, {
      template: 'plan_kept',
      key: `${change.id}/${owner.userId}`,
      to: owner,
      data: {
        planName: nameIn(ctx, owner, change.from_price_code),
        wantedPlanName: nameIn(ctx, owner, change.to_price_code ?? ''),
        billingUrl: billingUrl(ctx),
      },
    }),
  );

export const mailDowngrade = (ctx: TenantContext, change: Changed, at: Date) =>
  mailOwners(ctx, (owner) =>
    sendMail(ctx, {
      template: 'downgrade_scheduled',
      key: `${change.id}/${owner.userId}`,
      to: owner,
      data: {
        planName: nameIn(ctx, owner, change.from_price_code),
        nextPlanName: nameIn(ctx, owner, change.to_price_code ?? ''),
        at: at.toISOString(),
        billingUrl: billingUrl(ctx),
      },
    }),
  );

export const mailCancellation = (ctx: TenantContext, change: Changed, endsAt: Date) =>
  mailOwners(ctx, (owner) =>
    sendMail(ctx, {
      template: 'cancellation_scheduled',
      key: `${change.id}/${owner.userId}`,
      to: owner,
      data: {
        planName: nameIn(ctx, owner, change.from_price_code),
        endsAt: endsAt.toISOString(),
        billingUrl: billingUrl(ctx),
      },
    }),
  );
