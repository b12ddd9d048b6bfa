import { withTenant } from '#core/context.ts';
import { grant } from '#modules/catalogue/service.ts';
import { startTestApi } from './api.ts';
import { PRO, startLlmWorld } from './llm-world.ts';
import { createApiKeyCaller, createOwner, createUser } from './people.ts';

/** Where the guides' samples are typed, as the variables they use: a tenant with a plan, its keys, an operator. */
export async function startGuideWorld(
  cleanUp: Parameters<typeof startLlmWorld>[0],
  providers: readonly string[],
): Promise<Record<string, string>> {
  const world = await startLlmWorld(cleanUp, {}, { providers });
  // It takes any name that nobody else has, as LLM_UPSTREAM_URL does.
  world.provider.configure({ models: ['sandbox-small'] });
  world.startConsumer();
  const gateway = await world.startGateway();
  const api = await startTestApi(world.app);
  const { tenantId } = await createOwner(world.app, { currency: 'USD' });
  const tenant = withTenant(world.app.ctx, tenantId);
  await grant(tenant, { source: 'sub_test', planCode: PRO });
  const program = await createApiKeyCaller(world.app, tenantId, ['llm:read', 'llm:write']);
  const operator = await createUser(world.app, { roles: ['admin'] });
  return {
    OPENAI_BASE_URL: gateway.url,
    OPENAI_API_KEY: (await world.createKey(tenant)).secret,
    BASTIDE_API: api.url,
    BASTIDE_API_KEY: String(program.headers['authorization']).replace('Bearer ', ''),
    ADMIN_URL: api.url,
    SESSION: operator.headers['cookie'] ?? '',
    TENANT: tenantId,
  };
}
