import type { Fields } from '../../body/texts.ts';
import type { Dialect, Provider, Surface, UpstreamCall, UpstreamRequest } from '../provider.ts';
import { type BodyRules, bodyOf } from './body.ts';
import { readChatAnswer, readChatEvent } from './chat.ts';
import { readEmbeddings } from './embeddings.ts';
import { readError } from './error.ts';
import { openMessageStream, readMessage } from './messages.ts';
import { openResponseStream, readResponse } from './responses.ts';

export interface Compatible {
  name: string;
  label: string;
  url: string;
  /** Null: the provider asks for none. */
  key: string | null;
  surfaces: readonly Surface[];
  /** How the key is sent; `authorization: Bearer …` unless it says otherwise. */
  authorize?: (key: string) => Record<string, string>;
  headers?: Readonly<Record<string, string>>;
  paths?: Readonly<Partial<Record<Surface | 'models', string>>>;
  /** `asked`: a stream says its usage when `stream_options` ask for it; `always`: unasked, and it knows no such field. */
  streamUsage?: 'asked' | 'always';
  rules?: Readonly<Partial<Record<Surface, BodyRules>>>;
  /** For a surface that is another one at the provider. */
  translations?: Readonly<Partial<Record<Surface, Translation>>>;
  readError?: Provider['readError'];
  /** Some have no list of models. */
  hasModels?: boolean;
}

type Reading = Omit<Dialect, 'request'>;
/** @throws {Untranslatable} in `body`. */
type Translation = Reading & { body: (call: UpstreamCall) => Buffer | string };

const PATHS = {
  chat: '/chat/completions',
  embeddings: '/embeddings',
  responses: '/responses',
  messages: '/messages',
  models: '/models',
} as const;

const READINGS: Readonly<Record<Surface, Reading>> = {
  chat: { readAnswer: readChatAnswer, openStream: () => readChatEvent },
  embeddings: { readAnswer: readEmbeddings, openStream: () => () => ({ kind: 'broken' }) },
  responses: { readAnswer: readResponse, openStream: openResponseStream },
  messages: { readAnswer: readMessage, openStream: openMessageStream },
};

/** Without it an API that speaks Anthropic's way does not say in which version. */
const MESSAGES_HEADERS = { 'anthropic-version': '2023-06-01' };
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** Anything that speaks OpenAI's APIs; what a provider does differently is in its settings. */
export function openaiCompatible(settings: Compatible): Provider {
  const { name, label, url, key, surfaces, paths = {}, authorize = bearer } = settings;
  const common = {
    ...(key === null ? {} : authorize(key)),
    ...settings.headers,
    'accept-encoding': 'identity',
    'user-agent': 'bastide-gateway',
  };
  const dialect = (surface: Surface): Dialect => {
    const path = paths[surface] ?? PATHS[surface];
    const headers = {
      ...common,
      'content-type': 'application/json',
      ...(surface === 'messages' ? MESSAGES_HEADERS : {}),
    };
    const { body, ...reading } = settings.translations?.[surface] ?? {
      ...READINGS[surface],
      body: bodyBy(streamRules(settings, surface)),
    };
    return {
      ...reading,
      request: (call) => ({
        path,
        headers: {
          ...headers,
          accept: call.isStream ? 'text/event-stream' : 'application/json',
          'x-request-id': call.requestId,
        },
        body: body(call),
      }),
    };
  };
  const modelsRequest = (requestId: string): UpstreamRequest => ({
    path: paths.models ?? PATHS.models,
    headers: { ...common, 'x-request-id': requestId },
    body: '',
  });
  return {
    name,
    label,
    url,
    dialects: Object.fromEntries(surfaces.map((surface) => [surface, dialect(surface)])),
    readError: settings.readError ?? readError,
    ...(settings.hasModels === false ? {} : { modelsRequest, readModels }),
  };
}

const bodyBy = (rulesFor: (call: UpstreamCall) => BodyRules) => (call: UpstreamCall) => bodyOf(call, rulesFor(call));

/** Every chat stream is made to say its usage. */
function streamRules(
  { rules, streamUsage = 'asked' }: Compatible,
  surface: Surface,
): (call: UpstreamCall) => BodyRules {
  const own = rules?.[surface] ?? {};
  if (surface !== 'chat') return () => own;
  if (streamUsage === 'always') {
    const without: BodyRules = { ...own, drops: [...(own.drops ?? []), 'stream_options'] };
    return () => without;
  }
  const asking: BodyRules = { ...own, sets: { ...own.sets, stream_options: { include_usage: true } } };
  return ({ isStream, body }) => {
    if (!isStream) return own;
    const options = body.fields['stream_options'] as Fields | null | undefined;
    if (!options) return asking;
    if (options['include_usage'] === true) return own;
    const whole = body.read()['stream_options'] as Fields;
    return { ...own, sets: { ...own.sets, stream_options: { ...whole, include_usage: true } } };
  };
}

/** Together's list is a bare one. */
function readModels(body: Buffer) {
  try {
    const list = JSON.parse(body.toString('utf8')) as { data?: unknown };
    const data = Array.isArray(list) ? (list as unknown) : list.data;
    if (!Array.isArray(data)) return undefined;
    return (data as ({ id?: unknown; created?: unknown; owned_by?: unknown } | null)[]).flatMap((model) =>
      typeof model?.id === 'string'
        ? {
            id: model.id,
            created: typeof model.created === 'number' ? model.created : 0,
            ownedBy: typeof model.owned_by === 'string' ? model.owned_by : 'unknown',
          }
        : [],
    );
  } catch {
    return undefined;
  }
}
