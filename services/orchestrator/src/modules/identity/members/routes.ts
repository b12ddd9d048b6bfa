import { NotFound } from '#core/errors.ts';
import { pageOf, pageQuery } from '#core/http/pagination.ts';
import { type Route, route } from '#core/http/route.ts';
import { ChangeRole, Member, MemberParams } from './schemas.ts';
import { LastOwner, changeRole, listMembers, removeMember } from './service.ts';

const tag = 'Members';

export const memberRoutes: Route[] = [
  route({
    method: 'get',
    path: '/v1/members',
    access: 'tenant',
    scope: 'members:read',
    tag,
    summary: 'List members',
    query: pageQuery,
    response: { status: 200, schema: pageOf(Member) },
    handle: (ctx, { query }) => listMembers(ctx, query),
  }),
  route({
    method: 'patch',
    path: '/v1/members/:memberId',
    access: 'tenant',
    scope: 'members:write',
    tag,
    summary: 'Change a member’s role',
    params: MemberParams,
    body: ChangeRole,
    response: { status: 200, schema: Member },
    errors: [NotFound, LastOwner],
    handle: (ctx, { params, body }) => changeRole(ctx, params.memberId, body.role),
  }),
  route({
    method: 'delete',
    path: '/v1/members/:memberId',
    access: 'tenant',
    scope: 'members:write',
    tag,
    summary: 'Remove a member',
    description: 'They lose access at once.',
    params: MemberParams,
    response: { status: 204 },
    errors: [NotFound, LastOwner],
    handle: (ctx, { params }) => removeMember(ctx, params.memberId),
  }),
];
