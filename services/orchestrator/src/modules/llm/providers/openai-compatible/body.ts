import { isUtf8 } from 'node:buffer';
import { type UpstreamCall, Untranslatable } from '../provider.ts';
import { findKeys, lookalikes } from './keys.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What one provider wants of a body, other than that it names its own model. */
export interface BodyRules {
  /** Set whatever the client says. */
  sets?: Fields;
  /** What the provider would refuse, and nobody misses. */
  drops?: readonly string[];
  /** The provider's own names for OpenAI's; whoever says both means the provider's. */
  renames?: Readonly<Record<string, string>>;
  /** What would change who is asked or what it costs, with what the client is told. */
  refuses?: Readonly<Record<string, string>>;
  /** For what no list can say; the same object = nothing to change. @throws {Untranslatable} */
  rewrite?: (body: Fields) => Fields;
}

const CLOSING_BRACE = 0x7d;
const NOTHING: Fields = {};
const NO_NAMES: Readonly<Record<string, string>> = {};
const NONE: readonly string[] = [];

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

/** The client's own bytes wherever possible, with the provider's model in them. @throws {Untranslatable} */
export function bodyOf(call: UpstreamCall, rules: BodyRules): Buffer | string {
  const { sets = NOTHING, drops = NONE, renames = NO_NAMES, refuses = NO_NAMES, rewrite } = rules;
  for (const field in refuses)
    if (isGiven(call.body[field])) throw new Untranslatable(field, refuses[field] ?? `'${field}' is not available.`);
  const body = rewrite ? rewrite(call.body) : call.body;
  const unwanted = [...drops, ...Object.keys(renames)].filter((field) => body[field] !== undefined);
  unwanted.push(...lookalikes(body));
  const isReplaced = Object.keys(sets).some((field) => body[field] !== undefined);
  const spliced = body === call.body && unwanted.length === 0 && !isReplaced && splice(call, sets);
  if (spliced) return spliced;
  const result: Record<string, unknown> = { ...body, model: call.model, ...sets };
  for (const field of unwanted) Reflect.deleteProperty(result, field);
  for (const [field, name] of Object.entries(renames)) if (isGiven(body[field])) result[name] ??= body[field];
  return JSON.stringify(result);
}

/** Undefined when what was parsed and what the bytes say to another parser could differ. */
function splice({ rawBody, body, model }: UpstreamCall, sets: Fields): Buffer | undefined {
  if (!isUtf8(rawBody)) return undefined;
  const valueStart = findKeys(rawBody)?.model;
  if (valueStart === undefined) return undefined;
  const added = written(sets);
  if (body['model'] === model && added.length === 0) return rawBody;
  const bodyEnd = rawBody.lastIndexOf(CLOSING_BRACE);
  return Buffer.concat([
    rawBody.subarray(0, valueStart),
    Buffer.from(JSON.stringify(model)),
    rawBody.subarray(endOfString(rawBody, valueStart), bodyEnd),
    added,
    rawBody.subarray(bodyEnd),
  ]);
}

const encodings = new WeakMap<Fields, Buffer>();

/** `,"field":value…`; the same fields are written once. */
function written(fields: Fields): Buffer {
  let encoded = encodings.get(fields);
  if (!encoded) {
    const pairs = Object.entries(fields).map(([field, value]) => `,${JSON.stringify(field)}:${JSON.stringify(value)}`);
    encoded = Buffer.from(pairs.join(''));
    encodings.set(fields, encoded);
  }
  return encoded;
}

function endOfString(json: Buffer, start: number): number {
  let at = start + 1;
  while (json[at] !== 0x22) at += json[at] === 0x5c ? 2 : 1;
  return at + 1;
}
