/**
 * Replaced by `npm run docs:generate`: openapi-typescript writes this file from docs/reference/openapi.json.
 */
type Reply<Status extends number, Body> = {
  [S in Status]: { headers: Record<string, unknown>; content: { 'application/json': Body } };
};
type Failure = {
  default: { headers: Record<string, unknown>; content: { 'application/json': components['schemas']['Error'] } };
};
type Op<Parameters, Body, Status extends number, Response> = {
  parameters: Parameters & { header?: never; cookie?: never };
  responses: Reply<Status, Response> & Failure;
} & ([Body] extends [undefined] ? { requestBody?: never } : { requestBody: { content: { 'application/json': Body } } });
type Get<Response, Parameters = { query?: never; path?: never }> = Op<Parameters, undefined, 200, Response>;
type Page<Item> = { items: Item[]; nextCursor: string | null };
type PageQuery = { query?: { cursor?: string; limit?: number }; path?: never };
type No = { query?: never; path?: never };
type Path<Name extends string> = { query?: never; path: { [N in Name]: string } };

export interface paths {
  '/v1/me': {
    get: Get<components['schemas']['Me']>;
    patch: Op<No, { locale?: 'en' | 'fr' }, 200, components['schemas']['Me']>;
  };
  '/auth/logout': { post: Op<No, undefined, 200, { redirectUrl: string }> };
  '/v1/tenants': {
    post: Op<No, { name: string; slug: string; currency: 'EUR' | 'USD' | 'DZD' }, 201, components['schemas']['Tenant']>;
  };
  '/v1/tenant': {
    get: Get<components['schemas']['Tenant']>;
    patch: Op<No, { name?: string }, 200, components['schemas']['Tenant']>;
  };
  '/v1/members': { get: Get<Page<components['schemas']['Member']>, PageQuery> };
  '/v1/members/{memberId}': {
    patch: Op<Path<'memberId'>, { role: components['schemas']['Role'] }, 200, components['schemas']['Member']>;
    delete: Op<Path<'memberId'>, undefined, 200, Record<string, never>>;
  };
  '/v1/invitations': {
    get: Get<Page<components['schemas']['Invitation']>, PageQuery>;
    post: Op<No, { email: string; role: components['schemas']['Role'] }, 201, components['schemas']['Invitation']>;
  };
  '/v1/invitations/{invitationId}': { delete: Op<Path<'invitationId'>, undefined, 200, Record<string, never>> };
  '/v1/invitations/accept': {
    post: Op<No, { token: string }, 200, { tenant: components['schemas']['Membership'] }>;
  };
  '/v1/api-keys': {
    get: Get<Page<components['schemas']['ApiKey']>, PageQuery>;
    post: Op<
      No,
      { name: string; scopes: string[]; expiresAt?: string },
      201,
      components['schemas']['ApiKey'] & { secret: string }
    >;
  };
  '/v1/api-keys/{apiKeyId}': { delete: Op<Path<'apiKeyId'>, undefined, 200, Record<string, never>> };
  '/v1/audit-log': { get: Get<Page<components['schemas']['AuditEntry']>, PageQuery> };
  '/v1/plans': { get: Get<{ items: components['schemas']['Plan'][] }> };
  '/v1/entitlements': { get: Get<components['schemas']['Entitlements']> };
  '/v1/subscriptions': {
    get: Get<Page<components['schemas']['Subscription']>, PageQuery>;
    post: Op<No, { priceCode: string }, 201, components['schemas']['Subscription']>;
  };
  '/v1/invoices': { get: Get<Page<components['schemas']['Invoice']>, PageQuery> };
  '/v1/invoices/{invoiceId}': { get: Get<components['schemas']['Invoice'], Path<'invoiceId'>> };
  '/v1/invoices/{invoiceId}/checkout': {
    post: Op<Path<'invoiceId'>, Record<string, never>, 201, { url: string; attemptId: string; expiresAt: string }>;
  };
  '/v1/sites': {
    get: Get<Page<components['schemas']['Site']>, PageQuery>;
    post: Op<No, { name: string; apps?: string[] }, 201, components['schemas']['Site']>;
  };
  '/v1/sites/{siteId}': { get: Get<components['schemas']['Site'], Path<'siteId'>> };
  '/v1/operations': { get: Get<Page<components['schemas']['Operation']>, PageQuery> };
  '/v1/operations/{operationId}': { get: Get<components['schemas']['Operation'], Path<'operationId'>> };
  '/v1/operations/{operationId}/retry': {
    post: Op<Path<'operationId'>, undefined, 202, components['schemas']['Operation']>;
  };
  '/v1/llm/keys': {
    get: Get<Page<components['schemas']['LlmKey']>, PageQuery>;
    post: Op<
      No,
      { name: string; models?: string[]; expiresAt?: string },
      201,
      components['schemas']['LlmKey'] & { secret: string }
    >;
  };
  '/v1/llm/keys/{llmKeyId}': { delete: Op<Path<'llmKeyId'>, undefined, 200, Record<string, never>> };
  '/v1/llm/usage': {
    get: Get<components['schemas']['LlmUsage'], { query?: { from?: string; to?: string }; path?: never }>;
  };
}

export interface components {
  schemas: {
    Error: { error: { code: string; message: string; details?: Record<string, unknown>; requestId?: string } };
    Role: 'owner' | 'editor' | 'viewer';
    Membership: { id: string; slug: string; name: string; role: components['schemas']['Role'] };
    Me: {
      user: { id: string; email: string; name: string; locale: 'en' | 'fr' };
      roles: string[];
      tenants: components['schemas']['Membership'][];
      gatewayUrl: string;
    };
    Tenant: { id: string; slug: string; name: string; currency: string; createdAt: string };
    Member: {
      id: string;
      userId: string;
      email: string;
      name: string;
      role: components['schemas']['Role'];
      createdAt: string;
    };
    Invitation: {
      id: string;
      email: string;
      role: components['schemas']['Role'];
      createdAt: string;
      expiresAt: string;
    };
    ApiKey: {
      id: string;
      name: string;
      prefix: string;
      scopes: string[];
      createdAt: string;
      expiresAt: string | null;
      lastUsedAt: string | null;
    };
    AuditEntry: {
      id: string;
      action: string;
      subject: string;
      actor: { type: string; id: string | null; name: string | null };
      ip: string | null;
      at: string;
      details: Record<string, unknown>;
    };
    Price: { code: string; interval: 'month' | 'year'; currency: string; amountMinor: number };
    Plan: {
      key: string;
      line: 'sites' | 'generators' | 'llm' | 'agents';
      name: { en: string; fr: string };
      description: { en: string; fr: string };
      isDefault: boolean;
      unlock: { afterDays: number; generators: string[] }[];
      entitlements: Record<string, number | boolean | string | string[] | null>;
      prices: components['schemas']['Price'][];
    };
    Entitlements: {
      entitlements: Record<string, number | boolean | string | string[] | null>;
      limits: { key: string; limit: number | null; used: number }[];
      sources: { planKey: string; subscriptionId: string }[];
    };
    Subscription: {
      id: string;
      priceCode: string;
      planKey: string;
      line: string;
      status: 'pending' | 'active' | 'canceled';
      isPaid: boolean;
      createdAt: string;
    };
    Invoice: {
      id: string;
      number: string | null;
      status: string;
      paymentStatus: 'pending' | 'succeeded' | 'failed';
      currency: string;
      totalMinor: number;
      issuedAt: string;
      paidAt: string | null;
      subscriptionId: string | null;
      description: string | null;
    };
    Site: {
      id: string;
      name: string;
      host: string;
      url: string;
      status: 'requested' | 'provisioning' | 'active' | 'failed';
      apps: string[];
      planKey: string | null;
      operationId: string | null;
      createdAt: string;
      readyAt: string | null;
    };
    OperationStep: {
      name: string;
      state: 'pending' | 'running' | 'succeeded' | 'failed' | 'undone';
      startedAt: string | null;
      endedAt: string | null;
      progress: number | null;
      output: string | null;
      error: string | null;
    };
    Operation: {
      id: string;
      kind: string;
      subjectId: string | null;
      state: 'running' | 'succeeded' | 'failing' | 'failed';
      steps: components['schemas']['OperationStep'][];
      error: { code: string; message: string } | null;
      createdAt: string;
      updatedAt: string;
    };
    LlmKey: {
      id: string;
      name: string;
      prefix: string;
      models: string[] | null;
      createdAt: string;
      expiresAt: string | null;
      lastUsedAt: string | null;
    };
    LlmUsageTotals: { requests: number; promptTokens: number; completionTokens: number; costNanoUsd: number };
    LlmUsage: {
      totals: components['schemas']['LlmUsageTotals'];
      days: (components['schemas']['LlmUsageTotals'] & { day: string })[];
    };
  };
}
