import type { Context } from '#core/context.ts';
import type { Catalogue } from '#modules/catalogue/schemas.ts';
import { lagoEngine } from './lago/engine.ts';

/** Who is billed. One per tenant and currency (`customerIdOf`). */
export interface EngineCustomer {
  id: string;
  name: string;
  email: string;
  currency: string;
  tenantSlug: string;
}

export interface EngineSubscription {
  /** Ours, chosen before the call. */
  id: string;
  customerId: string;
  planCode: string;
  /** terminated: it ran; canceled: it never did. */
  status: 'pending' | 'active' | 'terminated' | 'canceled';
  startedAt: Date | null;
  endedAt: Date | null;
  /** The first moment that is not paid for by the running period. */
  periodEndsAt: Date | null;
  /** A cheaper plan that waits for the period's end. */
  nextPlanCode: string | null;
  nextPlanAt: Date | null;
  /** It is going to end then. */
  endsAt: Date | null;
  /** Another one after every change of plan. */
  revision: string;
}

/** What a change of plan charges at once; nothing for one that waits for the period's end. */
export interface ChangePreview {
  /** For the rest of the running period on the new plan. */
  chargeMinor: number;
  /** For what was paid and not used of the old one, and whatever else the customer has in credit. */
  creditMinor: number;
  /** Usage of the running period until now, which the change brings onto the invoice. */
  usageMinor: number;
  totalMinor: number;
}

/** What lists say of an invoice. */
export interface EngineInvoiceSummary {
  id: string;
  customerId: string;
  number: string;
  /** draft|finalized|voided, and what an engine keeps to itself. */
  status: string;
  paymentStatus: 'pending' | 'succeeded' | 'failed';
  isOverdue: boolean;
  currency: string;
  totalMinor: number;
  issuedAt: Date;
  dueAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
  /** Null when the list does not say. */
  subscriptionIds: readonly string[] | null;
}

/** A part of an invoice: one subscription's. */
export interface InvoicePart {
  subscriptionId: string;
  /** The plan whose fee it is; null when it is only about usage. */
  priceCode: string | null;
  amountMinor: number;
}

export interface EngineInvoice extends EngineInvoiceSummary {
  /** The dearest first. */
  parts: readonly InvoicePart[];
  /** In the engine's words, for an invoice whose plan the catalogue does not know. */
  title: string | null;
}

export interface UsageEvent {
  /** The same again is counted once. */
  transactionId: string;
  subscriptionId: string;
  metric: string;
  at: Date;
  properties: Record<string, string | number>;
}

/** A batch is taken whole or not at all. */
export type UsageVerdict =
  | { state: 'taken' }
  /** Not taken, because these (by index) are there already. */
  | { state: 'known'; indexes: ReadonlySet<number> }
  /** Not taken, because something in it is wrong. */
  | { state: 'refused'; error: Error };

/** One thing to do, complete in itself. */
export interface CatalogueChange {
  summary: string;
  carryOut: () => Promise<void>;
}

export interface CatalogueDifference {
  /** In the order in which they must be carried out. */
  changes: CatalogueChange[];
  /** What must not be changed any more: a person decides. */
  refusals: string[];
}

/**
 * Who owns subscriptions and invoices. Every call may be repeated: ids are ours, and what is done already is left as it
 * is. A refusal is a `ProviderRefused`; no answer is `ProviderUnavailable`.
 */
export interface BillingEngine {
  /** As a person calls it. */
  readonly name: string;
  /** Who asks the customer for the money of an invoice. */
  readonly collects: 'us' | 'engine';

  putCustomer(customer: EngineCustomer): Promise<void>;
  subscribe(order: { id: string; customerId: string; planCode: string }): Promise<EngineSubscription>;
  /** The running one; else the one that waits; else the last that ended. */
  readSubscription(id: string): Promise<EngineSubscription | undefined>;
  activeSubscriptions(): AsyncIterable<EngineSubscription>;
  /** At once, as if it had never been: nothing more is billed and nothing credited. */
  dropSubscription(id: string): Promise<void>;

  /** To a plan that is not cheaper by the year: at once, with an invoice. To a cheaper one: at the period's end. */
  changePlan(id: string, planCode: string): Promise<EngineSubscription>;
  /** Takes back a cheaper plan that waits. */
  keepPlan(id: string): Promise<void>;
  /**
   * Takes back an upgrade whose invoice is void: at once on `planCode` again, whose running period is paid, so that
   * nothing is billed for it and nothing credited. `switchedAt`: when the upgrade took place; null when it did not.
   */
  restorePlan(id: string, planCode: string, switchedAt: Date | null): Promise<void>;
  /** What `changePlan` would charge now. `isCredited`: what is left of the running period was paid and counts. */
  previewChange(id: string, planCode: string, isCredited: boolean): Promise<ChangePreview>;
  /** Lets it end with the running period; one that ends today may be refused. */
  endWithPeriod(id: string): Promise<void>;
  /** Takes that back. */
  goOn(id: string): Promise<void>;
  /** Ends it now: usage is billed, nothing is given back. One that is over stays so. */
  endNow(id: string): Promise<void>;

  readInvoice(id: string): Promise<EngineInvoice | undefined>;
  invoicesOf(customerId: string): AsyncIterable<EngineInvoiceSummary>;
  /** Finalised, of all customers, and not paid. */
  unpaidInvoices(): AsyncIterable<EngineInvoiceSummary>;
  invoicesSince(day: Date): AsyncIterable<EngineInvoiceSummary>;
  markPaid(id: string, payment: { provider: string; reference: string }): Promise<void>;
  /** One that is voided already stays so. */
  voidInvoice(id: string): Promise<void>;

  sendUsage(events: readonly UsageEvent[]): Promise<UsageVerdict>;

  /** What differs between what is sold and what the engine bills by, with what it tells us; changes nothing by itself. */
  compareCatalogue(sold: Catalogue): Promise<CatalogueDifference>;
}

export const engineOf = (ctx: Pick<Context, 'config'>): BillingEngine => lagoEngine(ctx);
