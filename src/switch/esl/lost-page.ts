import type { Device } from '../../core/event.ts';
import type { Leg } from './leg.ts';
import type { Node } from './node.ts';

/**
 * Of a page that goes in a talk FreeSWITCH finds out by its silence alone, after 10 s, and never when the page holds: it takes no media from a
 * held leg and waits for none. Its WebSocket tells sooner. Such a leg is ended as one whose phone was lost.
 */

/** The pages whose WebSocket has ended while a leg was at them, by seat. */
export type AwayPages = Map<string, { readonly page: string; readonly timer: NodeJS.Timeout }>;

/** A page that lives is back by another WebSocket sooner. One that holds is heard by nobody, so that little is lost by an error. */
const AWAY_MS_MAX = 3_000;

/** The page that a device's URI is of, the same by whichever connection: RFC 7118 §5, a host that does not exist, drawn by each page anew. */
export function pageOf(device: string): string | undefined {
  return /^(sip:[^;]+\.invalid);transport=ws\b/.exec(device)?.[1];
}

/** The WebSocket of a page has ended: it may come back, another page may, or none. */
export function pageAway(node: Node, seat: string, page: string | undefined): void {
  if (page === undefined || legsAt(node, page).length === 0) return;
  const pages = pagesOf(node, seat);
  if (pages.has(page)) return;
  if (pages.size > 0) return endLegs(node, legsAt(node, page));
  clearTimeout(node.away.get(seat)?.timer);
  const timer = setTimeout(() => {
    endLegs(
      node,
      legsAt(node, page).filter(({ held }) => held),
    );
  }, AWAY_MS_MAX);
  node.away.set(seat, { page, timer: timer.unref() });
}

/** A seat has one page: when it has another, the one that is away has gone for good. */
export function pageRegistered(node: Node, { sipUser, uri }: Device): void {
  const [away, page] = [node.away.get(sipUser), pageOf(uri)];
  if (away === undefined || page === undefined) return;
  clearTimeout(away.timer);
  node.away.delete(sipUser);
  if (away.page !== page) endLegs(node, legsAt(node, away.page));
}

/** After a survey: who went while nobody listened. */
export function lookForPages(node: Node): void {
  forgetAway(node);
  const there = new Set([...node.registrations.values()].flat().map(({ device }) => pageOf(device)));
  for (const { at } of node.legs.live.values())
    if (at !== undefined && !there.has(at.page)) pageAway(node, at.seat, at.page);
}

export function forgetAway(node: Node): void {
  for (const { timer } of node.away.values()) clearTimeout(timer);
  node.away.clear();
}

function legsAt(node: Node, page: string): readonly Leg[] {
  return [...node.legs.live.values()].filter((leg) => leg.at?.page === page && leg.answered);
}

function pagesOf(node: Node, seat: string): ReadonlySet<string> {
  const phones = [...node.registrations.values()].flat().filter(({ sipUser }) => sipUser === seat);
  return new Set(phones.flatMap(({ device }) => pageOf(device) ?? []));
}

function endLegs(node: Node, legs: readonly Leg[]): void {
  for (const { id } of legs) node.client.send(`api uuid_kill ${id} MEDIA_TIMEOUT`, () => {});
}
