import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Organization } from './organization.ts';

const Request = z.object({ query: z.string(), variables: z.record(z.string(), z.unknown()).nullable().optional() });

const tokenOf = (org: Organization): string => createHash('sha256').update(`login:${org.apiKey}`).digest('hex');

/**
 * The three operations that have no REST endpoint, recognised by their field; not a GraphQL server.
 * `authorization` and `organizationId` are the headers Lago's front end sends.
 */
export function answerGraphql(
  org: Organization,
  body: unknown,
  headers: { authorization: string | undefined; organizationId: string | undefined },
): unknown {
  const parsed = Request.safeParse(body);
  if (!parsed.success) return failure('No query string was present', 'bad_request');
  const { query } = parsed.data;
  if (/\bloginUser\b/.test(query)) {
    return { data: { loginUser: { token: tokenOf(org), user: { organizations: [{ id: org.id }] } } } };
  }
  if (headers.authorization !== `Bearer ${tokenOf(org)}`) return failure('unauthorized', 'unauthorized');
  if (headers.organizationId !== org.id) return failure('Missing organization id', 'forbidden');
  if (/\bhmacKey\b/.test(query)) return { data: { organization: { id: org.id, hmacKey: org.hmacKey } } };
  if (/\bretryWebhook\b/.test(query)) return retryWebhook(org, query, parsed.data.variables ?? {});
  return failure('The sandbox knows loginUser, organization { hmacKey } and retryWebhook only', 'bad_request');
}

function retryWebhook(org: Organization, query: string, variables: Record<string, unknown>): unknown {
  const row = org.rows.webhooks.find((one) => query.includes(one.id) || JSON.stringify(variables).includes(one.id));
  if (!row) return failure('Resource not found', 'not_found');
  org.webhooks.deliver(org, row);
  return { data: { retryWebhook: { id: row.id } } };
}

const failure = (message: string, code: string) => ({ errors: [{ message, extensions: { status: 422, code } }] });
