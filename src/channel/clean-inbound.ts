import { createHash } from 'node:crypto';
import { type TSchema, Type } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import type { Inbound } from './channel.ts';

const KEY_CHARS_MAX = 256;
const TEXT_CHARS_MAX = 65_536;
const SUBJECT_CHARS_MAX = 500;
const NAME_CHARS_MAX = 64;
const FIELD_CHARS_MAX = 4_000;
/** Of one delivery. */
export const INBOUND_MAX = 500;

const Key = Type.String({ minLength: 1, maxLength: 8_192 });
const Text = Type.String({ maxLength: 1_048_576 });
const Instant = Type.Number({ minimum: 0, maximum: 8_640_000_000_000_000 });
const Person = Type.Object({
  id: Key,
  name: Type.Optional(Text),
  phone: Type.Optional(Type.String({ maxLength: 64 })),
  phoneVerified: Type.Optional(Type.Literal(true)),
  unionId: Type.Optional(Type.String({ maxLength: KEY_CHARS_MAX })),
});
const EntryName = Type.Union([Type.Literal('personal'), Type.Literal('enterprise')]);
const Media = Type.Object({
  kind: Type.Union(['image', 'audio', 'video', 'file'].map((kind) => Type.Literal(kind))),
  id: Type.String({ minLength: 1, maxLength: 2_048 }),
  name: Type.Optional(Type.String({ maxLength: 500 })),
  type: Type.Optional(Type.String({ maxLength: 200 })),
  bytes: Type.Optional(Type.Number({ minimum: 0 })),
});
const Place = Type.Object({
  latitude: Type.Number({ minimum: -90, maximum: 90 }),
  longitude: Type.Number({ minimum: -180, maximum: 180 }),
  datum: Type.Union([Type.Literal('wgs84'), Type.Literal('gcj02')]),
  accuracyM: Type.Optional(Type.Number({ minimum: 0 })),
  address: Type.Optional(Type.String({ maxLength: 500 })),
});
const Message = Type.Object({
  kind: Type.Optional(Type.Literal('message')),
  remoteId: Key,
  conversation: Key,
  sentAtMs: Instant,
  from: Person,
  text: Type.Optional(Text),
  subject: Type.Optional(Text),
  media: Type.Optional(Type.Array(Media, { maxItems: 20 })),
  place: Type.Optional(Place),
  entry: Type.Optional(EntryName),
  inReplyTo: Type.Optional(Key),
  replaces: Type.Optional(Key),
  fields: Type.Optional(Type.Record(Type.String({ maxLength: 100 }), Text, { maxProperties: 50 })),
  automatic: Type.Optional(Type.Literal(true)),
});
const Event = Type.Object({
  kind: Type.Literal('event'),
  remoteId: Key,
  conversation: Key,
  sentAtMs: Instant,
  event: Type.String({ minLength: 1, maxLength: 64 }),
  from: Person,
  entry: Type.Optional(EntryName),
});
const Receipt = Type.Object({
  kind: Type.Literal('receipt'),
  of: Key,
  status: Type.Union(['delivered', 'read', 'failed'].map((status) => Type.Literal(status))),
  atMs: Instant,
  reason: Type.Optional(Text),
});
const Unreadable = Type.Object({
  kind: Type.Literal('unreadable'),
  remoteId: Key,
  sentAtMs: Instant,
  reason: Text,
  at: Type.String({ minLength: 1, maxLength: KEY_CHARS_MAX }),
});
const SHAPES = {
  message: shapeOf(Message),
  event: shapeOf(Event),
  receipt: shapeOf(Receipt),
  unreadable: shapeOf(Unreadable),
};

interface Shape {
  readonly schema: TSchema;
  readonly validator: Validator;
}

function shapeOf(schema: TSchema): Shape {
  return { schema, validator: Compile(schema) };
}

/**
 * What a channel said, within the contract's limits and in characters that can be stored; what stands there beyond the contract is left out.
 *
 * @throws TypeError that says what does not fit.
 */
export function cleanInbound(said: unknown): Inbound {
  const kind = (said as { kind?: unknown } | null)?.kind ?? 'message';
  const shape = SHAPES[kind as keyof typeof SHAPES];
  if (shape === undefined || typeof kind !== 'string')
    throw new TypeError(`“${String(kind).slice(0, 40)}” is no kind of inbound`);
  const told = ofContract(shape.schema, JSON.parse(JSON.stringify(said), storable)) as Inbound;
  if (!shape.validator.Check(told)) {
    const [first] = shape.validator.Errors(told);
    throw new TypeError(`${kind}${first?.instancePath ?? ''} ${first?.message ?? 'does not fit'}`);
  }
  return withinLimits(told);
}

/** Without what the contract does not name, however deep. */
function ofContract(schema: TSchema, value: unknown): unknown {
  const { properties, items } = schema as { properties?: Record<string, TSchema>; items?: TSchema };
  if (typeof value !== 'object' || value === null) return value;
  if (items !== undefined && Array.isArray(value)) return value.map((item) => ofContract(items, item));
  if (properties === undefined || Array.isArray(value)) return value;
  const known: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value))
    if (Object.hasOwn(properties, name)) known[name] = ofContract(properties[name]!, inner);
  return known;
}

/** PostgreSQL's text takes neither NUL nor half a character. */
function storable(_name: string, value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/[\0\p{Surrogate}]/gu, '\u{fffd}') : value;
}

function withinLimits(told: Inbound): Inbound {
  if (told.kind === 'receipt')
    return { ...told, of: shortKey(told.of), ...cut('reason', told.reason, SUBJECT_CHARS_MAX) };
  if (told.kind === 'unreadable')
    return { ...told, remoteId: shortKey(told.remoteId), reason: start(told.reason, SUBJECT_CHARS_MAX) };
  const keyed = { remoteId: shortKey(told.remoteId), conversation: shortKey(told.conversation) };
  const from = { ...told.from, id: shortKey(told.from.id), ...cut('name', told.from.name, NAME_CHARS_MAX) };
  if (told.kind === 'event') return { ...told, ...keyed, from };
  const { text, subject, fields, replaces } = told;
  return {
    ...told,
    ...keyed,
    from,
    ...(replaces === undefined ? {} : { replaces: shortKey(replaces) }),
    ...cut('text', text, TEXT_CHARS_MAX),
    ...cut('subject', subject, SUBJECT_CHARS_MAX),
    ...(fields === undefined ? {} : { fields: mapValues(fields, (value) => start(value, FIELD_CHARS_MAX)) }),
  };
}

/** Two keys that differ anywhere stay two. */
export function shortKey(key: string): string {
  return key.length <= KEY_CHARS_MAX ? key : `sha256:${createHash('sha256').update(key).digest('hex')}`;
}

function cut<Name extends string>(name: Name, text: string | undefined, max: number): { [Key in Name]?: string } {
  return text === undefined ? {} : ({ [name]: start(text, max) } as { [Key in Name]?: string });
}

/** Never ends in half a character. */
function start(text: string, max: number): string {
  return text.slice(0, max).replace(/\p{Surrogate}$/u, '');
}

function mapValues(
  record: Readonly<Record<string, string>>,
  change: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
