import type { KeyScope } from '../../keys/principal.ts';
import type { Surface } from '../../providers/provider.ts';
import type { GatewayError } from '../errors.ts';
import { readChat } from './chat.ts';
import { readEmbeddings } from './embeddings.ts';
import { type Envelope, type ReadShape, readEnvelope } from './envelope.ts';
import { readMessages } from './messages.ts';
import { readResponses } from './responses.ts';

/** One of the APIs that clients speak. */
export interface SurfaceSpec {
  name: Surface;
  path: string;
  scope: KeyScope;
  read(rawBody: Buffer): Envelope | GatewayError;
  /** What a client waits for at the end of a stream that the provider closed without it. */
  lastEvent: string;
  /** Whose envelope errors come in. */
  errors: 'openai' | 'anthropic';
}

const surface = (
  name: Surface,
  spec: Pick<SurfaceSpec, 'path' | 'scope'> & Partial<SurfaceSpec>,
  readShape: ReadShape,
): SurfaceSpec => ({
  name,
  read: (rawBody) => readEnvelope(name, rawBody, readShape),
  lastEvent: '',
  errors: 'openai',
  ...spec,
});

export const CHAT = surface(
  'chat',
  { path: '/v1/chat/completions', scope: 'chat', lastEvent: 'data: [DONE]\n\n' },
  readChat,
);

const ALL: readonly SurfaceSpec[] = [
  CHAT,
  surface('embeddings', { path: '/v1/embeddings', scope: 'embeddings' }, readEmbeddings),
  surface('responses', { path: '/v1/responses', scope: 'chat' }, readResponses),
  surface('messages', { path: '/v1/messages', scope: 'chat', errors: 'anthropic' }, readMessages),
];

export const surfaceAt = new Map(ALL.map((spec) => [spec.path, spec]));
const byName = new Map(ALL.map((spec) => [spec.name, spec]));

export function surfaceOf(name: Surface): SurfaceSpec {
  const spec = byName.get(name);
  if (!spec) throw new Error(`no surface ${name}`);
  return spec;
}
