import { openApi } from '#core/http/openapi.ts';
import { type Route, route } from '#core/http/route.ts';
import { z } from 'zod';

export const VERSION = '0.1.0';

export const describeApi = (routes: readonly Route[]) =>
  openApi(routes, {
    title: 'Bastide API',
    version: VERSION,
    description: 'Everything the dashboard does. The LLM gateway speaks OpenAI’s API at an address of its own.',
  });

export function openApiRoute(routes: readonly Route[]): Route {
  const document = describeApi(routes);
  return route({
    method: 'get',
    path: '/openapi.json',
    access: 'public',
    tag: 'Meta',
    summary: 'This description',
    response: { status: 200, schema: z.record(z.string(), z.unknown()) },
    handle: () => Promise.resolve(document),
  });
}
