import { z } from 'zod';
import { idSchema } from '#core/ids.ts';
import { Role } from '../authorization.ts';

export const Member = z
  .object({
    id: z.string(),
    userId: z.string(),
    email: z.string(),
    name: z.string(),
    role: Role,
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Member' });
export type Member = z.output<typeof Member>;

export const MemberParams = z.object({ memberId: idSchema('member') });
export const ChangeRole = z.object({ role: Role });
