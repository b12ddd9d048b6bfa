import { Forbidden, NotFound } from '#core/errors.ts';
import { pageOf, pageQuery } from '#core/http/pagination.ts';
import { type Route, route } from '#core/http/route.ts';
import { UserRequired } from '../authorization.ts';
import { AcceptInvitation, AcceptedInvitation, CreateInvitation, Invitation, InvitationParams } from './schemas.ts';
import {
  AlreadyMember,
  EmailUnverified,
  InvitationExpired,
  InvitationForAnother,
  InvitationLimitReached,
  InvitationNotFound,
  InvitationUsed,
  InvitedTooOften,
  acceptInvitation,
  createInvitation,
  listInvitations,
  revokeInvitation,
} from './service.ts';

const tag = 'Invitations';

export const invitationRoutes: Route[] = [
  route({
    method: 'post',
    path: '/v1/invitations',
    access: 'tenant',
    scope: 'members:write',
    tag,
    summary: 'Invite somebody by mail',
    description: 'Inviting the same address again replaces the earlier invitation.',
    body: CreateInvitation,
    response: { status: 201, schema: Invitation },
    errors: [AlreadyMember, InvitationLimitReached, InvitedTooOften, Forbidden],
    handle: (ctx, { body }) => createInvitation(ctx, body),
  }),
  route({
    method: 'get',
    path: '/v1/invitations',
    access: 'tenant',
    scope: 'members:read',
    tag,
    summary: 'List invitations that wait for an answer',
    query: pageQuery,
    response: { status: 200, schema: pageOf(Invitation) },
    handle: (ctx, { query }) => listInvitations(ctx, query),
  }),
  route({
    method: 'delete',
    path: '/v1/invitations/:invitationId',
    access: 'tenant',
    scope: 'members:write',
    tag,
    summary: 'Take an invitation back',
    params: InvitationParams,
    response: { status: 204 },
    errors: [NotFound],
    handle: (ctx, { params }) => revokeInvitation(ctx, params.invitationId),
  }),
  route({
    method: 'post',
    path: '/v1/invitations/accept',
    access: 'user',
    tag,
    summary: 'Accept an invitation',
    description: 'One must be signed in with the address that was invited, and the provider must have verified it.',
    body: AcceptInvitation,
    response: { status: 200, schema: AcceptedInvitation },
    errors: [
      InvitationNotFound,
      InvitationForAnother,
      EmailUnverified,
      InvitationExpired,
      InvitationUsed,
      UserRequired,
    ],
    handle: (ctx, { body }) => acceptInvitation(ctx, body.token),
  }),
];
