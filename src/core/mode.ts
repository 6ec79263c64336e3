import { seatsChanged } from './agent.ts';
import { type Decision, note, touchContact } from './decision.ts';
import type { ModeAsked } from './event.ts';
import { NAME_CHARS_MAX, REASON_CHARS_MAX } from './limits.ts';
import type { ModeName, ModeRule, ModeSetting, Settings } from './settings.ts';
import { indexSettings, modeDueMs, setDeadline } from './standing.ts';

/** M1: a named person's word; the same mode again only takes a proposal off the table. */
export function modeAsked(d: Decision, { mode, by, reason }: ModeAsked): void {
  const { state } = d;
  const { name: from, proposed } = state.mode;
  state.mode = { ...state.mode, proposed: null };
  if (mode === from || state.base === null) return;
  state.mode = { ...state.mode, name: mode, sinceMs: state.nowMs, by: by.slice(0, NAME_CHARS_MAX) };
  note(d, 'M1', {
    do: 'record-fact',
    fact: 'modeChanged',
    mode,
    from,
    by: state.mode.by,
    reason: reason.slice(0, REASON_CHARS_MAX),
    proposed: proposed?.mode === mode,
  });
  rulesInForce(d, state.base);
}

/** M2: the rules as the mode changes them hold from now on, for those who wait already too. */
export function rulesInForce(d: Decision, base: Settings): void {
  const { state } = d;
  state.base = base;
  state.settings = inMode(base, state.mode.name);
  state.mode = { ...state.mode, holdsSinceMs: (base.modeRules ?? []).map(() => null) };
  setDeadline(state, 'mode', '', null);
  indexSettings(state.standing, state.settings);
  seatsChanged(d, state.settings);
  for (const contact of state.contacts.values()) touchContact(d, contact);
}

/** M3: looked at after every entry; each rule that has held for its time proposes once, until a named person says something. */
export function proposeMode(d: Decision): void {
  const rules = d.state.base?.modeRules;
  if (rules === undefined || rules.length === 0) return;
  const { nowMs, mode, standing } = d.state;
  const before = mode.holdsSinceMs;
  const holds = rules.map((rule, index) =>
    rule.mode !== mode.name && holdsNow(rule, standing.placeOf.size) ? (before[index] ?? nowMs) : null,
  );
  const index = rules.findIndex((rule, at) => holds[at] !== null && nowMs - holds[at]! >= rule.forMs);
  const due = index < 0 ? undefined : rules[index]!.mode;
  const changed = holds.some((since, at) => since !== before[at]);
  if (changed) d.state.mode = { ...mode, holdsSinceMs: holds };
  if (due !== undefined && mode.proposed?.mode !== due) {
    d.state.mode = { ...d.state.mode, proposed: { mode: due, atMs: nowMs } };
    note(d, 'M3', { do: 'record-fact', fact: 'modeProposed', mode: due });
  }
  if (changed || due !== undefined) setDeadline(d.state, 'mode', '', modeDueMs(d.state));
}

function holdsNow({ waitingOver, waitingUnder }: ModeRule, waiting: number): boolean {
  return (waitingOver === undefined || waiting > waitingOver) && (waitingUnder === undefined || waiting < waitingUnder);
}

function inMode(base: Settings, name: ModeName): Settings {
  const mode: ModeSetting = base.modes?.[name] ?? {};
  const queues = Object.fromEntries(
    Object.entries(base.queues).map(([queue, setting]) => {
      const change = mode.queues !== undefined && Object.hasOwn(mode.queues, queue) ? mode.queues[queue]! : {};
      return [queue, { ...setting, ...change }];
    }),
  );
  return { ...base, queues, lines: { ...base.lines, ...mode.lines } };
}
