import { computed, reactive } from 'vue';
import type { AgentItem, AlarmItem, AlertItem, SupervisionItem } from '../../api/live/messages.ts';
import { words } from '../language/words.ts';
import { itemsOf } from '../live/live.ts';
import { phone } from '../phone/phone.ts';
import { ask } from '../request.ts';
import { session } from '../session.ts';
import { whyNot } from '../why-not.ts';

export const MODES = ['listen', 'whisper', 'barge', 'takeOver'] as const;
export type Mode = (typeof MODES)[number];
export const REASON_MAX = 40;
export const HINT_MAX = 200;

export const agents = itemsOf('board', 'agent');
export const waiting = itemsOf('board', 'waiting');
export const alerts = itemsOf('board', 'alert');
export const alarms = itemsOf('board', 'alarm');
const supervisions = itemsOf('board', 'supervision');

/** Who hears which contact, or is about to. */
export const supervisionOf = computed(
  () => new Map<string, SupervisionItem>(supervisions.value.map((item) => [item.contact, item])),
);
/** Waits for a second person, and this one may be it. */
export const askedOfMe = computed(() =>
  supervisions.value.filter(
    ({ step, wanted, by, agent }) => (step === 'asked' || wanted !== undefined) && by !== me() && agent !== me(),
  ),
);

interface Talk {
  readonly supervision?: { readonly wanted?: Mode };
}

const me = (): string | undefined => session.person?.user;

/** `asked`: `done` tells of a wish, and holds until it is granted. */
export const told = reactive({ failure: '', done: '', asked: false });

/** Does it, and says what became of it: `done`, or what `work` has to say instead. @returns whether it was done. */
async function attempt(done: string, work: () => Promise<unknown>): Promise<boolean> {
  Object.assign(told, { failure: '', done: '', asked: false });
  try {
    const other = await work();
    told.done = typeof other === 'string' ? other : done;
    told.asked = told.done === words.value.supervision.asked;
    return true;
  } catch (error) {
    told.failure = whyNot(error);
    return false;
  }
}

const pathOf = (contact: string): string => `/contacts/${encodeURIComponent(contact)}`;

/** The own page's telephone is rung for it and answers by itself, for it is what was asked for. */
export async function begin(contact: string, mode: Mode, reason: string): Promise<boolean> {
  phone.expected = contact;
  const body = { mode, reason };
  const done = await attempt(words.value.supervision.asked, () =>
    ask(`${pathOf(contact)}/supervision`, { method: 'POST', body }),
  );
  if (!done) phone.expected = '';
  return done;
}

export function change(contact: string, mode: Mode, reason: string): Promise<boolean> {
  const body = { mode, reason };
  const { asked, changed } = words.value.supervision;
  return attempt(changed, async () => {
    const talk = await ask<Talk>(`${pathOf(contact)}/supervision`, { method: 'PATCH', body });
    // It waits for a second person.
    return talk.supervision?.wanted === undefined ? changed : asked;
  });
}

export function leave(contact: string): Promise<boolean> {
  phone.expected = '';
  return attempt(words.value.supervision.left, () => ask(`${pathOf(contact)}/supervision`, { method: 'DELETE' }));
}

/** To what is shown: what has become another meanwhile is refused. */
export function agree({ contact, by, wanted, mode }: SupervisionItem): Promise<boolean> {
  const body = { by, mode: wanted ?? mode };
  return attempt(words.value.supervision.agreed, () =>
    ask(`${pathOf(contact)}/supervision/approval`, { method: 'POST', body }),
  );
}

export function mark(contact: string, sensitive: boolean): Promise<boolean> {
  return attempt(words.value.supervision.marked, () =>
    ask(`${pathOf(contact)}/sensitive`, { method: 'PUT', body: { sensitive } }),
  );
}

export function hint(agent: string, text: string): Promise<boolean> {
  return attempt(words.value.supervision.hinted, () =>
    ask(`/agents/${encodeURIComponent(agent)}/hints`, { method: 'POST', body: { text } }),
  );
}

/** Who is at work finishes that first. */
export function force(
  { agent, state: now }: Pick<AgentItem, 'agent' | 'state'>,
  state: 'ready' | 'notReady' | 'offline',
  reason: string,
): Promise<boolean> {
  const { forced, forcedAfter } = words.value.supervision;
  return attempt(now === 'talking' || now === 'held' ? forcedAfter : forced, () =>
    ask(`/agents/${encodeURIComponent(agent)}/state`, { method: 'PUT', body: { state, reason } }),
  );
}

export function seen({ key }: AlertItem): Promise<boolean> {
  const path = key.split('/').map(encodeURIComponent).join('/');
  return attempt(words.value.supervision.acknowledged, () =>
    ask(`/${path.replace(/^alert/, 'alerts')}/acknowledge`, { method: 'POST' }),
  );
}

export function seenAlarm({ id }: AlarmItem): Promise<boolean> {
  return attempt(words.value.supervision.acknowledged, () =>
    ask(`/alarms/${id}/acknowledge`, { method: 'POST', body: {} }),
  );
}

const ORDER: Readonly<Record<AgentItem['state'], number>> = {
  ...{ held: 0, talking: 1, ringing: 2, wrapUp: 3 },
  ...{ ready: 4, notReady: 5, offline: 6 },
};

/** Who works first, then by number. */
export const inOrder = computed(() =>
  [...agents.value].sort((a, b) => ORDER[a.state] - ORDER[b.state] || a.number.localeCompare(b.number)),
);
