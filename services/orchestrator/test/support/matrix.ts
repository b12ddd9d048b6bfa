import type { Context } from '#core/context.ts';

/** Somebody who can call the API: headers that sign them in (cookie + x-csrf, or bearer) and their tenant. */
export interface Caller {
  headers: Record<string, string>;
  tenantId: string;
  userId: string;
}

export interface MatrixRequest {
  params?: Record<string, string>;
  query?: Record<string, string>;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface MatrixWorld {
  ctx: Context;
  /** Owner of the tenant that the happy case is about. */
  owner: Caller;
  /** Owner of another tenant. */
  stranger: Caller;
  /** Operates the platform, and belongs to no tenant. */
  admin: Caller;
  request(
    method: string,
    path: string,
    caller: Caller | null,
    request?: MatrixRequest,
  ): Promise<{ status: number; body: unknown; headers: Headers }>;
}

/**
 * One line of the route matrix. The runner derives the rest: without credentials → 401; with an API key that lacks the
 * scope → 403; the stranger with the owner's ids, or the owner's tenant in the header → 404. A route of the platform is
 * called by the admin; the owner, and a key with all that a key may have → 403.
 */
export interface MatrixEntry {
  /** `post /v1/sites`, as declared (`:siteId` for parameters). */
  route: string;
  /** Makes what the request needs (rows, keys) and says the request that must answer the declared status. */
  happy: (world: MatrixWorld) => Promise<MatrixRequest> | MatrixRequest;
  /** A change to the happy request that must answer 400 naming `path`; or why there is no input to be wrong. */
  badInput: { path: string; change: (happy: MatrixRequest) => MatrixRequest } | { none: string };
  /** When the derived cases do not fit (public routes, webhooks): own cases by name, each an expectation. */
  extra?: {
    name: string;
    status: number;
    code?: string;
    request: (world: MatrixWorld) => Promise<{ caller: Caller | null; request: MatrixRequest }>;
  }[];
}
