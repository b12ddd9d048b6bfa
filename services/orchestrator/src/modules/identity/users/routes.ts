import { type Route, route } from '#core/http/route.ts';
import { UserRequired } from '../authorization.ts';
import { Me, UpdateMe } from './schemas.ts';
import { getMe, updateMe } from './service.ts';

const tag = 'Me';

export const userRoutes: Route[] = [
  route({
    method: 'get',
    path: '/v1/me',
    access: 'user',
    tag,
    summary: 'Who is signed in, and their tenants',
    response: { status: 200, schema: Me },
    errors: [UserRequired],
    handle: (ctx) => getMe(ctx),
  }),
  route({
    method: 'patch',
    path: '/v1/me',
    access: 'user',
    tag,
    summary: 'Change one’s own language',
    body: UpdateMe,
    response: { status: 200, schema: Me },
    errors: [UserRequired],
    handle: (ctx, { body }) => updateMe(ctx, body),
  }),
];
