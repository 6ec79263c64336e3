import { seatsChanged } from './agent.ts';
import { type Decision, note, touchContact } from './decision.ts';
import { weighFloors } from './donor.ts';
import type { ModeAsked } from './event.ts';
import { NAME_CHARS_MAX, REASON_CHARS_MAX } from './limits.ts';
import { armAgain } from './messages.ts';
import { inMode, lastsMs } from './mode-rules.ts';
import { beginsChangedPlans } from './plan-anew.ts';
import { indexSettings } from './rules-index.ts';
import type { ModeName, ModeRule, Settings } from './settings.ts';
import { forgetSites, leaveDownSites } from './site.ts';
import { modeDueMs, setDeadline } from './standing.ts';
import type { State } from './state.ts';

/** M1: a named person's word; the same mode again only takes a proposal off the table, for as long as a condition must last (M3). */
export function modeAsked(d: Decision, { mode, by, reason }: ModeAsked): void {
  const { state } = d;
  const { name: from, proposed, holdsSinceMs } = state.mode;
  state.mode = {
    ...state.mode,
    proposed: null,
    holdsSinceMs: proposed === null && mode === from ? holdsSinceMs : holdsSinceMs.map(() => null),
  };
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
  const before = state.settings;
  const holdsSinceMs = (base.modeRules ?? []).map((rule) => heldSinceMs(state, rule));
  state.base = base;
  state.settings = inMode(base, state.mode.name);
  state.mode = { ...state.mode, holdsSinceMs };
  setDeadline(state, 'mode', '', modeDueMs(state));
  forgetSites(d, base);
  indexSettings(state, state.settings);
  weighFloors(d);
  seatsChanged(d, state.settings, before?.agents ?? []);
  const beginAnew = beginsChangedPlans(before, state.settings);
  for (const contact of state.contacts.values()) {
    beginAnew(contact);
    armAgain(state, contact);
    touchContact(d, contact);
  }
  leaveDownSites(d);
}

/** M3: each seat that changes makes the rules new, and what lasts lasts on. */
function heldSinceMs({ base, mode }: State, { mode: name, waitingOver, waitingUnder }: ModeRule): number | null {
  const rules = base?.modeRules ?? [];
  const at = rules.findIndex(
    (rule) => rule.mode === name && rule.waitingOver === waitingOver && rule.waitingUnder === waitingUnder,
  );
  return mode.holdsSinceMs[at] ?? null;
}

/** M3: looked at after every entry; each rule that has held for its time proposes once, until a named person says something, or M4. */
export function proposeMode(d: Decision): void {
  const { state } = d;
  const rules = state.base?.modeRules;
  if (rules === undefined) return lookAtProposal(d, NO_RULES);
  let due: ModeName | undefined;
  let changed = false;
  for (let index = 0; index < rules.length; index++) {
    const rule = rules[index]!;
    const before = state.mode.holdsSinceMs[index] ?? null;
    const holds = rule.mode !== state.mode.name && holdsNow(rule, state.standing.callsWaiting);
    const sinceMs = holds ? (before ?? state.nowMs) : null;
    if (sinceMs !== before) {
      state.mode = { ...state.mode, holdsSinceMs: state.mode.holdsSinceMs.with(index, sinceMs) };
      changed = true;
    }
    if (due === undefined && sinceMs !== null && state.nowMs - sinceMs >= rule.forMs) due = rule.mode;
  }
  if (due !== undefined && state.mode.proposed?.mode !== due) {
    state.mode = { ...state.mode, proposed: { mode: due, atMs: state.nowMs } };
    note(d, 'M3', { do: 'record-fact', fact: 'modeProposed', mode: due });
  }
  if (changed || due !== undefined) setDeadline(state, 'mode', '', modeDueMs(state));
  lookAtProposal(d, rules);
}

const NO_RULES: readonly ModeRule[] = [];

/** M4: what made the core propose it is over, for as long as it had to last. */
function lookAtProposal(d: Decision, rules: readonly ModeRule[]): void {
  const { state } = d;
  const { proposed, holdsSinceMs } = state.mode;
  if (proposed === null) return;
  const { mode, atMs } = proposed;
  const holds = rules.some((rule, index) => rule.mode === mode && (holdsSinceMs[index] ?? null) !== null);
  const goneSinceMs = holds ? undefined : (proposed.goneSinceMs ?? state.nowMs);
  const over = goneSinceMs !== undefined && state.nowMs - goneSinceMs >= lastsMs(rules, mode);
  if (!over && goneSinceMs === proposed.goneSinceMs) return;
  const kept = { mode, atMs, ...(goneSinceMs === undefined ? {} : { goneSinceMs }) };
  state.mode = { ...state.mode, proposed: over ? null : kept };
  if (over) note(d, 'M4', { do: 'record-fact', fact: 'modeProposalWithdrawn', mode });
  setDeadline(state, 'mode', '', modeDueMs(state));
}

function holdsNow({ waitingOver, waitingUnder }: ModeRule, waiting: number): boolean {
  return (waitingOver === undefined || waiting > waitingOver) && (waitingUnder === undefined || waiting < waitingUnder);
}
