import type { SurveyedLeg, SwitchEvent } from '../core/event.ts';
import type { LegId, NodeId } from '../core/ids.ts';

/** How long one call waits, hearing ringing. */
export const LOBBY_MS_MAX = 1_000;
/** From the first word of a switch. A database that does not answer holds up no call after that. */
const OPENS_MS_MAX = 3_000;
/** More come in at once as strangers. */
const LOBBY_MAX = 1_000;

/**
 * G1: calls that arrive after a start, before the book of callers is read, wait for it for a moment, so that an elder or somebody with an
 * urgent order is no stranger to the flow. Whatever else is told of such a call follows behind it; everything else passes at once.
 */
export interface Lobby {
  hear(event: SwitchEvent): void;
  /** The book is read: everybody comes in, and nobody waits any more. */
  open(): void;
}

interface Guest {
  readonly node: NodeId;
  readonly events: SwitchEvent[];
  readonly timer: NodeJS.Timeout;
}

/** @param claimed legs that the core has already. @param pass takes an event that waits for nothing (any more). */
export function createLobby(claimed: () => { has(leg: LegId): boolean }, pass: (event: SwitchEvent) => void): Lobby {
  const guests = new Map<LegId, Guest>();
  /** Let in, and perhaps not decided yet. */
  const passed = new Set<LegId>();
  let isOpen = false;
  let closing: NodeJS.Timeout | undefined;

  function open(): void {
    isOpen = true;
    passed.clear();
    clearTimeout(closing);
    for (const leg of [...guests.keys()]) comeIn(leg);
  }

  function comeIn(leg: LegId): void {
    const guest = guests.get(leg);
    if (guest === undefined) return;
    guests.delete(leg);
    if (!isOpen) passed.add(leg);
    clearTimeout(guest.timer);
    for (const event of guest.events) pass(event);
  }

  function wait(call: Extract<SwitchEvent, { type: 'callArrived' }>): void {
    const timer = setTimeout(comeIn, LOBBY_MS_MAX, call.leg);
    guests.set(call.leg, { node: call.node, events: [call], timer });
  }

  /** What becomes of them is the core's to say. */
  function allIn(node: NodeId, stays: (leg: LegId) => boolean): void {
    for (const [leg, guest] of [...guests]) if (guest.node === node && !stays(leg)) comeIn(leg);
  }

  /** Calls that it shows and nobody has heard of wait as well. */
  function survey(event: Extract<SwitchEvent, { type: 'surveyed' }>): void {
    const { node } = event;
    const shown = new Set(event.survey.legs.map(({ leg }) => leg));
    allIn(node, (leg) => shown.has(leg));
    const waits = (leg: SurveyedLeg): boolean => {
      if (guests.has(leg.leg)) return true;
      const known = claimed().has(leg.leg) || passed.has(leg.leg);
      return leg.direction === 'inbound' && leg.state === 'ringing' && !known && guests.size < LOBBY_MAX;
    };
    const legs = event.survey.legs.filter((leg) => {
      if (!waits(leg)) return true;
      if (!guests.has(leg.leg)) wait(arrivalOf(node, leg));
      return false;
    });
    pass({ ...event, survey: { ...event.survey, legs } });
  }

  return {
    open,
    hear(event) {
      if (isOpen) return pass(event);
      closing ??= setTimeout(open, OPENS_MS_MAX);
      if (event.type === 'surveyed') return survey(event);
      if (event.type === 'nodeLost') allIn(event.node, () => false);
      if (event.type === 'callArrived' && guests.size < LOBBY_MAX && !guests.has(event.leg)) return wait(event);
      const guest = 'leg' in event ? guests.get(event.leg) : undefined;
      if (guest === undefined) return pass(event);
      guest.events.push(event);
      if (event.type === 'legEnded') comeIn(event.leg);
    },
  };
}

function arrivalOf(node: NodeId, { leg, from, fromName, dialled, diversion }: SurveyedLeg) {
  return {
    type: 'callArrived' as const,
    ...{ node, leg, from, dialled },
    ...(fromName === undefined ? {} : { fromName }),
    ...(diversion === undefined ? {} : { diversion }),
  };
}
