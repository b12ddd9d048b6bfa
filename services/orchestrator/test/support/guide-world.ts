import { withTenant } from '#core/context.ts';
import { grant } from '#modules/catalogue/service.ts';
import { startTestApi } from './api.ts';
import { PRO, startLlmWorld } from './llm-world.ts';
import { createApiKeyCaller, createOwner } from './people.ts';

/** Where the guide's samples are typed: a tenant with a plan, a gateway, the API, and a key for each, as its variables. */
export async function startGuideWorld(cleanUp: Parameters<typeof startLlmWorld>[0]): Promise<Record<string, string>> {
  const world = await startLlmWorld(cleanUp, {}, { providers: ['openai', 'groq', 'anthropic'] });
  // It takes any name that nobody else has, as LLM_UPSTREAM_URL does.
  world.provider.configure({ models: ['sandbox-small'] });
  world.startConsumer();
  const gateway = await world.startGateway();
  const api = await startTestApi(world.app);
  const { tenantId } = await createOwner(world.app, { currency: 'USD' });
  const tenant = withTenant(world.app.ctx, tenantId);
  await grant(tenant, { source: 'sub_test', planCode: PRO });
  const program = await createApiKeyCaller(world.app, tenantId, ['llm:read', 'llm:write']);
  return {
    OPENAI_BASE_URL: gateway.url,
    OPENAI_API_KEY: (await world.createKey(tenant)).secret,
    BASTIDE_API: api.url,
    BASTIDE_API_KEY: String(program.headers['authorization']).replace('Bearer ', ''),
  };
}
