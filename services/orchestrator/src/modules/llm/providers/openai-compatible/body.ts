import { isUtf8 } from 'node:buffer';
import type { Fields } from '../../body/texts.ts';
import { type UpstreamCall, Untranslatable } from '../provider.ts';
import { findKeys, lookalikes } from './keys.ts';

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
  /** For what no list can say; the same object = nothing to change. What texts say must not matter. @throws {Untranslatable} */
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
  const { fields } = call.body;
  for (const field in refuses)
    if (isGiven(fields[field])) throw new Untranslatable(field, refuses[field] ?? `'${field}' is not available.`);
  const rewritten = rewrite ? rewrite(fields) : fields;
  const unwanted = [...drops, ...Object.keys(renames)].filter((field) => rewritten[field] !== undefined);
  unwanted.push(...lookalikes(rewritten));
  const isReplaced = Object.keys(sets).some((field) => rewritten[field] !== undefined);
  const spliced = rewritten === fields && unwanted.length === 0 && !isReplaced && splice(call, sets);
  if (spliced) return spliced;
  const whole = call.body.read();
  const body = rewrite ? rewrite(whole) : whole;
  const result: Record<string, unknown> = { ...body, model: call.model, ...sets };
  for (const field of unwanted) Reflect.deleteProperty(result, field);
  for (const [field, name] of Object.entries(renames)) if (isGiven(body[field])) result[name] ??= body[field];
  return JSON.stringify(result);
}

/** Undefined when what was parsed and what the bytes say to another parser could differ. */
function splice({ body: { bytes, fields }, model }: UpstreamCall, sets: Fields): Buffer | undefined {
  if (!isUtf8(bytes)) return undefined;
  const valueStart = findKeys(bytes)?.model;
  if (valueStart === undefined) return undefined;
  const added = written(sets);
  if (fields['model'] === model && added.length === 0) return bytes;
  const bodyEnd = bytes.lastIndexOf(CLOSING_BRACE);
  return Buffer.concat([
    bytes.subarray(0, valueStart),
    Buffer.from(JSON.stringify(model)),
    bytes.subarray(endOfString(bytes, valueStart), bodyEnd),
    added,
    bytes.subarray(bodyEnd),
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
