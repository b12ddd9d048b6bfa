import type { TenantContext } from '#core/context.ts';
import { AppError, NotFound } from '#core/errors.ts';
import { type OperationFacts, type OperationView, StepFailed } from '#core/operations/define.ts';
import type { SiteBackend } from '../backend/backend.ts';
import { siteBackend } from '../backend/connect.ts';
import { isPermanent } from '../backend/errors.ts';
import { openPasswords } from '../passwords.ts';
import { type SiteRow, sites } from '../queries.ts';
import type { UsageMib } from '../schemas.ts';

export interface ProvisionInput {
  siteId: string;
}

/** What the steps hand on, and what a step must know after it was killed. */
export interface Provisioning {
  /** The site was there already and is ours: it must never be taken away by an undo. */
  isAdopted: boolean;
  /** UUID under which the site is created in this round. */
  createOp: string;
  /** How often the request was about to be sent; and how often since then nobody had heard of it. */
  posts: number;
  emptyLooks: number;
  remoteId: number;
  runningSince: string;
  /** Tries to take the site away, each under a UUID of its own, since a failed job would be answered for ever. */
  archives: number;
  archiveId: number | null;
  cancels: number;
  usageMib: UsageMib;
}

export type Provision = OperationView<ProvisionInput, Provisioning>;
export type ProvisionFacts = OperationFacts<ProvisionInput, Provisioning>;

export interface Workplace {
  site: SiteRow;
  backend: SiteBackend;
  passwords: { administrator: string; firstUser: string };
}

export async function findSite(ctx: TenantContext, siteId: string): Promise<SiteRow> {
  const site = await sites(ctx.db, ctx.tenantId).find(siteId);
  if (!site) throw NotFound({ entity: 'site', id: siteId });
  return site;
}

export async function workplace(ctx: TenantContext, { input }: ProvisionFacts): Promise<Workplace> {
  const site = await findSite(ctx, input.siteId);
  const passwords = openPasswords(ctx, site);
  return { site, passwords, backend: siteBackend(ctx, Object.values(passwords)) };
}

/** Turns the operation back at once when the backend says what asking again cannot change. */
export async function giveUpWhenRefused<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError && isPermanent(error))
      throw new StepFailed(error.code, error.message, { cause: error });
    throw error;
  }
}

/** Rule 6 of contracts/frappe.md §7.4, with jitter so that many operations do not poll in step. */
export function pollPauseMs(startedAt: Date): number {
  const ageMs = Date.now() - startedAt.getTime();
  const pauseMs = ageMs < 10_000 ? 1000 : ageMs < 60_000 ? 2000 : 5000;
  return Math.round(pauseMs * (0.9 + Math.random() * 0.2));
}
