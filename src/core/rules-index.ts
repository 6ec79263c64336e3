import { HOME_SITE } from '../lib/home-site.ts';
import { countCall } from './calls-from.ts';
import { kindKey, makeKind, type SiteLoad } from './kind.ts';
import { forgetOldest, skipsOf } from './oldest.ts';
import { missedTurn } from './remembered.ts';
import { placeAgent, seatOf, seatOfAgent } from './seat.ts';
import { levelDueMs } from './service-level.ts';
import type { Settings } from './settings.ts';
import {
  armLegEnd,
  conversationKey,
  livePhones,
  missedDueMs,
  modeDueMs,
  placeContact,
  placeDevices,
  placeOf,
  type Standing,
  setDeadline,
  type Watched,
} from './standing.ts';
import type { State } from './state.ts';
import { alertKey, type Lasting, watchedContact, watchedState } from './watch.ts';

/** Who is alike, by these rules. Nobody stands anywhere afterwards: every agent and contact must be placed again. */
export function indexSettings(state: State, settings: Settings): void {
  const { standing, contacts } = state;
  standing.agentOfSeat = new Map(settings.agents.map((agent) => [agent.sipUser, agent.id]));
  standing.kinds = new Map();
  standing.buckets = new Map();
  standing.wanted.clear();
  standing.returning.clear();
  for (const contact of contacts.values()) {
    const place = placeOf(contact);
    place.line = null;
    place.kept = false;
    place.counts = false;
    place.entered = null;
    place.bucket = null;
  }
  standing.waiting.clear();
  standing.kept.clear();
  forgetOldest(state);
  standing.skipsMs = skipsOf(settings);
  standing.callsWaiting = 0;
  for (const seat of standing.seats.values()) {
    seat.setting = undefined;
    seat.kind = undefined;
    seat.phones = [];
    seat.loggedIn = false;
    seat.slots = 0;
    seat.busyAt = null;
  }
  standing.siteLoads = new Map((settings.sites ?? []).map(({ id, capacity }) => [id, { capacity, calls: 0 }]));
  for (const agent of settings.agents) {
    const key = kindKey(agent, settings);
    const kind = standing.kinds.get(key) ?? makeKind(agent, settings, siteLoadOf(standing, agent.site));
    standing.kinds.set(key, kind);
    const seat = seatOf(standing, agent.id);
    seat.setting = agent;
    seat.kind = kind;
    seat.phones = livePhones(state, agent.sipUser);
  }
}

/** Of a site without a capacity when the city does not name it. */
function siteLoadOf({ siteLoads }: Standing, site = HOME_SITE): SiteLoad {
  const load = siteLoads.get(site) ?? { capacity: undefined, calls: 0 };
  siteLoads.set(site, load);
  return load;
}

/** For a state whose `standing` is empty: a snapshot just read. */
export function rebuildStanding(state: State): void {
  if (state.settings !== null) indexSettings(state, state.settings);
  for (const contact of state.contacts.values()) {
    placeContact(state, contact, placeOf(contact));
    countCall(state, contact, 1);
    if (contact.reference !== undefined) state.standing.conversationOf.set(conversationKey(contact), contact.id);
  }
  for (const agent of state.agents.values()) placeAgent(state, agent, seatOfAgent(state.standing, agent));
  for (const leg of state.legs.values()) armLegEnd(state, leg);
  for (const sipUser of state.devices.keys()) placeDevices(state, sipUser);
  for (const [number, call] of state.missed) if (call.by === null) state.standing.missed.add(missedTurn(number, call));
  for (const { id, medium, from, calledBy } of state.contacts.values())
    if (medium === 'callback' && calledBy === undefined) state.standing.missedUnderWay.set(id, from);
  setDeadline(state, 'missed', '', missedDueMs(state));
  setDeadline(state, 'mode', '', modeDueMs(state));
  watchAll(state);
  for (const [queue, level] of state.levels) setDeadline(state, 'level', queue, levelDueMs(level));
}

/** U1–U4: what is too long, and what lasts already and is not too long yet. */
function watchAll({ standing, settings, contacts, agents, alerts }: State): void {
  const limits = settings?.alerts ?? {};
  for (const { contact, agent } of alerts.values()) {
    const about = agent === undefined ? contacts.get(contact!) : undefined;
    if (about !== undefined) placeOf(about).alerts += 1;
    else if (agent !== undefined) seatOf(standing, agent).alerts += 1;
  }
  const watch = (of: Watched, id: string, lasting: Lasting | undefined): void => {
    if (lasting !== undefined && !alerts.has(alertKey(lasting.alert, id)))
      standing.dues.put(of.alertDue, lasting.dueMs);
  };
  for (const contact of contacts.values()) watch(placeOf(contact), contact.id, watchedContact(settings, contact));
  for (const agent of agents.values()) watch(seatOfAgent(standing, agent), agent.id, watchedState(limits, agent));
}
