import { z } from 'zod';
import { idSchema } from '#core/ids.ts';
import { Role } from '../authorization.ts';
import { Membership } from '../users/schemas.ts';

export const Invitation = z
  .object({
    id: z.string(),
    email: z.string(),
    role: Role,
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'Invitation' });
export type Invitation = z.output<typeof Invitation>;

export const CreateInvitation = z.object({
  email: z.string().trim().toLowerCase().max(254).pipe(z.email('must be an e-mail address')),
  role: Role,
});
export type CreateInvitation = z.output<typeof CreateInvitation>;

export const InvitationParams = z.object({ invitationId: idSchema('invitation') });

export const AcceptInvitation = z.object({
  token: z.string().min(1, 'must not be empty').max(200).meta({ description: 'From the link in the mail.' }),
});

export const AcceptedInvitation = z.object({ tenant: Membership });
