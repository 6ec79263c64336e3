import type { MediumSetting, SlotCounts, SlotRules } from '../core/settings.ts';
import { readDurationMs, readFields, readWhole } from './fields.ts';
import { complain, type Field } from './yaml-file.ts';

const SLOTS_MAX = 20;
const WAITING_MAX = 10_000;
const MEDIA = ['chat', 'mail'] as const;
const SLOTS = ['voice', ...MEDIA] as const;

/** slots.yaml: what agents have room for beside a call, and the times of each medium. */
export function readSlots(top: Field): SlotRules | undefined {
  const fields = readFields(top, ['each', 'beside', 'media']);
  if (fields === undefined) return undefined;
  const beside = readFields(fields.beside, [], SLOTS);
  const media = readFields(fields.media, [], MEDIA);
  return {
    each: readSlotCounts(fields.each),
    beside: beside === undefined ? {} : namedBy(SLOTS, (name) => beside[name] && readBeside(beside[name])),
    media: media === undefined ? {} : namedBy(MEDIA, (name) => media[name] && readMedium(media[name], name)),
  };
}

/** `{ chat: 3, mail: 5 }` */
export function readSlotCounts(field: Field): SlotCounts {
  const counts = readFields(field, [], MEDIA);
  return counts === undefined ? {} : namedBy(MEDIA, (name) => counts[name] && readWhole(counts[name], 0, SLOTS_MAX));
}

function readBeside(field: Field) {
  const counts = readFields(field, [], SLOTS);
  if (counts === undefined) return undefined;
  const mostOf = (name: (typeof SLOTS)[number]) => (name === 'voice' ? 1 : SLOTS_MAX);
  return namedBy(SLOTS, (name) => counts[name] && readWhole(counts[name], 0, mostOf(name)));
}

const HOUR_MS = 3_600_000;
/** Of chats: nobody waits before a mail. */
const IDLE = ['remindAfter', 'closeAfter'] as const;
const EITHER = ['reopenWithin', 'answerWithin'] as const;
const REOPEN_MS_MAX = 30 * 24 * HOUR_MS;

function readMedium(field: Field, name: (typeof MEDIA)[number]): MediumSetting | undefined {
  const optional = name === 'chat' ? [...EITHER, ...IDLE] : EITHER;
  const fields = readFields(field, ['offer', 'bound', 'wrapUp', 'waitingMax'], optional);
  const offerMs = fields && readDurationMs(fields.offer, 5_000, 600_000);
  const boundMs = fields && readDurationMs(fields.bound, 10_000, 172_800_000);
  const wrapUpMs = fields && readDurationMs(fields.wrapUp, 0, 3_600_000);
  const waitingMax = fields && readWhole(fields.waitingMax, 1, WAITING_MAX);
  if (offerMs === undefined || boundMs === undefined || wrapUpMs === undefined || waitingMax === undefined)
    return undefined;
  const reopenMs = fields?.reopenWithin && readDurationMs(fields.reopenWithin, 60_000, REOPEN_MS_MAX);
  const reopen = reopenMs === undefined ? {} : { reopenMs };
  return { offerMs, boundMs, wrapUpMs, waitingMax, ...reopen, ...readIdle(fields as IdleFields) };
}

type IdleFields = Readonly<Partial<Record<(typeof IDLE)[number] | 'answerWithin', Field>>>;

/** W16, W17, U6. */
function readIdle({ remindAfter, closeAfter, answerWithin }: IdleFields) {
  const [remindMs, closeMs] = [remindAfter, closeAfter].map(
    (each) => each && readDurationMs(each, 10_000, 24 * HOUR_MS),
  );
  const answerMs = answerWithin && readDurationMs(answerWithin, 10_000, 24 * HOUR_MS);
  if (remindMs !== undefined && closeMs !== undefined && remindMs >= closeMs)
    complain(
      closeAfter!,
      ['closeAfter 必须大于 remindAfter。', 'closeAfter must be more than remindAfter.'],
      ['请先提醒，再结束。', 'Remind first, close later.'],
    );
  return {
    ...(remindMs === undefined ? {} : { remindMs }),
    ...(closeMs === undefined ? {} : { closeMs }),
    ...(answerMs === undefined ? {} : { answerMs }),
  };
}

/** Those of the names for which there is something. */
function namedBy<Name extends string, Value>(
  names: readonly Name[],
  read: (name: Name) => Value | undefined,
): Partial<Record<Name, Value>> {
  const found: Partial<Record<Name, Value>> = {};
  for (const name of names) {
    const value = read(name);
    if (value !== undefined) found[name] = value;
  }
  return found;
}
