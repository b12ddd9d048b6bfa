import { type Route, route } from '#core/http/route.ts';
import { Status } from './schemas.ts';
import { currentStatus } from './service.ts';

export const statusRoutes: Route[] = [
  route({
    method: 'get',
    path: '/v1/status',
    access: 'public',
    tag: 'Meta',
    summary: 'Whether the parts of this installation work',
    description: 'As found within the last half minute. A part that is not set up here is not listed.',
    response: { status: 200, schema: Status },
    handle: (ctx) => currentStatus(ctx),
  }),
];
