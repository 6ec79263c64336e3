import type { CallerKnown, SurveyedLeg, SwitchEvent } from '../core/event.ts';
import type { LegId } from '../core/ids.ts';
import { nationalNumber } from '../lib/phone-number.ts';
import type { TicketBook } from './ticket-book.ts';

interface Books {
  readonly knownOf: (number: string) => CallerKnown | undefined;
  readonly tickets: TicketBook;
}

/**
 * G1, W15: the journal holds what was known when the call came, so that a replay decides the same; also of a call that came while nobody
 * heard the switch, and arrives by a survey (S9). One citizen is one caller, whatever a carrier writes before the number (C1, B1).
 *
 * @param claimed legs that the core has already.
 */
export function withKnown(
  { knownOf, tickets }: Books,
  claimed: { has(leg: LegId): boolean },
  event: SwitchEvent,
): SwitchEvent {
  if (event.type === 'surveyed') {
    const legs = event.survey.legs.map((leg) => (claimed.has(leg.leg) ? leg : arriving(knownOf, leg)));
    return { ...event, survey: { ...event.survey, legs } };
  }
  if (event.type !== 'callArrived') return event;
  const { ticket, ...call } = event;
  const partOf = ticket === undefined ? undefined : tickets.take(ticket, Date.now());
  return { ...call, ...calling(knownOf, call.from), ...(partOf === undefined ? {} : { partOf }) };
}

function arriving(knownOf: Books['knownOf'], leg: SurveyedLeg): SurveyedLeg {
  return leg.direction === 'inbound' ? { ...leg, ...calling(knownOf, leg.from) } : leg;
}

function calling(knownOf: Books['knownOf'], told: string): Pick<SurveyedLeg, 'from' | 'known'> {
  const from = nationalNumber(told);
  const known = knownOf(from);
  return known === undefined ? { from } : { from, known };
}
