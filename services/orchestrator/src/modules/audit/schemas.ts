import { z } from 'zod';
import { pageQuery } from '#core/http/pagination.ts';

export const AuditEntry = z
  .object({
    id: z.string(),
    action: z.string().meta({ description: 'Noun and verb, like `member.remove`.' }),
    subject: z.string().meta({ description: 'Id of what was changed.' }),
    actor: z.object({
      type: z.enum(['anonymous', 'user', 'apiKey', 'system', 'webhook']),
      id: z.string().nullable(),
      name: z.string().nullable(),
    }),
    ip: z.string().nullable(),
    at: z.iso.datetime(),
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntry = z.output<typeof AuditEntry>;

/** The columns are ASCII: the database refuses to compare them with anything else. */
const ascii = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .regex(/^[!-~]*$/, 'must be ASCII without spaces');

export const AuditFilter = pageQuery.extend({
  action: ascii(100).optional().meta({ description: 'Only this action.' }),
  actor: ascii(40).optional().meta({ description: 'Only what this user or API key did: an id.' }),
});
export type AuditFilter = z.output<typeof AuditFilter>;
