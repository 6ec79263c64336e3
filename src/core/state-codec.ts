import { assert } from '../lib/assert.ts';
import type { AgentId, ContactId, LegId, NodeId } from './ids.ts';
import { inMode } from './mode-rules.ts';
import type { Caller, MissedCall } from './remembered.ts';
import { rebuildStanding } from './rules-index.ts';
import {
  type Agent,
  type Alert,
  type ClosedConversation,
  type Contact,
  initialState,
  type Leg,
  type Node,
  type Pace,
  type Recording,
  type Registration,
  type ServiceLevel,
  type SiteStatus,
  type State,
} from './state.ts';
import { FORMAT, fromOlderFormat } from './state-format.ts';

/** The state as one line of JSON, without what follows from the rest. */
export function encodeState(state: State): string {
  const {
    standing,
    settings,
    nodes,
    contacts,
    legs,
    agents,
    devices,
    recordings,
    callers,
    missed,
    sites,
    levels,
    paces,
    closed,
    alerts,
    ...plain
  } = state;
  return JSON.stringify({
    format: FORMAT,
    ...plain,
    nodes: [...nodes],
    contacts: [...contacts],
    legs: [...legs],
    agents: [...agents],
    devices: [...devices].map(([sipUser, ofSeat]) => [sipUser, [...ofSeat]]),
    recordings: [...recordings],
    callers: [...callers],
    missed: [...missed],
    sites: [...sites],
    levels: [...levels],
    paces: [...paces],
    closed: [...closed],
    alerts: [...alerts],
  });
}

interface Raw extends Pick<State, 'journalId' | 'nowMs' | 'seq' | 'base' | 'mode' | 'nextToken'> {
  readonly format: number;
  readonly nodes: [NodeId, Node][];
  readonly contacts: [ContactId, Contact][];
  readonly legs: [LegId, Leg][];
  readonly agents: [AgentId, Agent][];
  readonly devices: [string, [string, Registration][]][];
  readonly recordings: [string, Recording][];
  readonly callers: [string, Caller][];
  readonly missed: [string, MissedCall][];
  readonly sites: [string, SiteStatus][];
  readonly levels: [string, ServiceLevel][];
  readonly paces?: [string, Pace][];
  readonly closed: [string, ClosedConversation][];
  readonly alerts: [string, Alert][];
}

/** @throws AssertionError when the text is of another format; SyntaxError when it is no JSON. */
export function decodeState(text: string): State {
  const raw = fromOlderFormat(JSON.parse(text)) as unknown as Raw;
  assert(raw.format === FORMAT, `a snapshot of format ${raw.format}, not ${FORMAT}`);
  const state: State = {
    ...initialState(raw.journalId),
    nowMs: raw.nowMs,
    seq: raw.seq,
    settings: raw.base === null ? null : inMode(raw.base, raw.mode.name),
    base: raw.base,
    mode: raw.mode,
    nextToken: raw.nextToken,
    nodes: new Map(raw.nodes),
    contacts: new Map(raw.contacts),
    legs: new Map(raw.legs),
    agents: new Map(raw.agents),
    devices: new Map(raw.devices.map(([user, ofSeat]) => [user, new Map(ofSeat)])),
    recordings: new Map(raw.recordings),
    callers: new Map(raw.callers),
    missed: new Map(raw.missed),
    sites: new Map(raw.sites),
    levels: new Map(raw.levels),
    paces: new Map(raw.paces ?? []),
    closed: new Map(raw.closed),
    alerts: new Map(raw.alerts),
  };
  rebuildStanding(state);
  return state;
}
