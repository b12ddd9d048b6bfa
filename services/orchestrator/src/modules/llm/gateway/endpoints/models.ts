import type { Principal } from '../../keys/principal.ts';
import { authenticate, mayUse, presentedKey } from '../authenticate.ts';
import type { Call } from '../call.ts';
import { modelNotFound, noProvider } from '../errors.ts';
import type { ModelView } from '../../routing/model-view.ts';
import type { ServingParts } from '../parts.ts';
import { Refused } from '../refused.ts';
import { sendJson } from '../respond.ts';

export async function listModels(parts: ServingParts, call: Call): Promise<void> {
  sendJson(call.response, call.headers, { object: 'list', data: await modelsFor(parts, call) });
}

export async function getModel(parts: ServingParts, call: Call, id: string): Promise<void> {
  const model = (await modelsFor(parts, call)).find((model) => model.id === id);
  if (!model) throw new Refused(modelNotFound(id));
  sendJson(call.response, call.headers, model);
}

/** What this key may use. */
export async function modelsFor(parts: ServingParts, call: Call): Promise<ModelView[]> {
  const principal = await authenticate(parts, call, presentedKey(call), 'models');
  if (parts.upstreams.size === 0) throw new Refused(noProvider);
  return usable(await parts.models.of(principal.limits.tier, call.requestId), principal);
}

const usable = (models: readonly ModelView[], principal: Principal): ModelView[] =>
  models.filter(({ id }) => mayUse(principal, id));
