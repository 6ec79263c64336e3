import { setTimeout } from 'node:timers/promises';
import type { Device } from '../../core/event.ts';
import type { LegId } from '../../core/ids.ts';
import type { Leg } from './leg.ts';
import { kill, type Node } from './node.ts';

/**
 * Of a page that goes in a talk FreeSWITCH finds out by its silence alone, after 3 s, and never when the page holds: it takes no media from a
 * held leg and waits for none. Its WebSocket tells sooner. Such a leg is ended as one whose phone was lost.
 */

/** A page whose WebSocket has ended while a leg was at it. */
interface AwayPage {
  readonly page: string;
}

/** By seat. */
export type AwayPages = Map<string, AwayPage>;

/** A page that lives is back by another WebSocket within a second or two, and its sound goes on meanwhile. */
const AWAY_MS = 1_000;
const LISTEN_MS = 1_000;

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
  const away = { page };
  node.away.set(seat, away);
  void listen(node, page, () => node.away.get(seat) === away);
}

/** Who talks may have lost the WebSocket alone: as long as sound comes the talk goes on. Of one that holds nobody hears a thing. */
async function listen(node: Node, page: string, isAway: () => boolean): Promise<void> {
  await setTimeout(AWAY_MS, undefined, { ref: false });
  const before = isAway() ? await packetsFrom(node, page) : undefined;
  await setTimeout(LISTEN_MS, undefined, { ref: false });
  const now = isAway() ? await packetsFrom(node, page) : undefined;
  if (before === undefined || now === undefined || !isAway()) return;
  const isSilent = ({ id }: Leg): boolean => before.has(id) && before.get(id) === now.get(id);
  endLegs(
    node,
    legsAt(node, page).filter((leg) => leg.held || isSilent(leg)),
  );
}

/** RTP packets that each leg at the page has brought, as far as the switch tells. */
async function packetsFrom(node: Node, page: string): Promise<ReadonlyMap<LegId, number>> {
  const packets = new Map<LegId, number>();
  for (const { id } of legsAt(node, page)) {
    await node.client.ask(`api uuid_set_media_stats ${id}`);
    const { text } = await node.client.ask(`api uuid_getvar ${id} rtp_audio_in_packet_count`);
    if (/^[0-9]+$/.test(text)) packets.set(id, Number(text));
  }
  return packets;
}

/** A seat has one page: when it has another, the one that is away has gone for good. */
export function pageRegistered(node: Node, { sipUser, uri }: Device): void {
  const [away, page] = [node.away.get(sipUser), pageOf(uri)];
  if (away === undefined || page === undefined) return;
  node.away.delete(sipUser);
  if (away.page !== page) endLegs(node, legsAt(node, away.page));
}

/** After a survey: who went while nobody listened. */
export function lookForPages(node: Node): void {
  node.away.clear();
  const there = new Set([...node.registrations.values()].flat().map(({ device }) => pageOf(device)));
  for (const { at } of node.legs.live.values())
    if (at !== undefined && !there.has(at.page)) pageAway(node, at.seat, at.page);
}

function legsAt(node: Node, page: string): readonly Leg[] {
  return [...node.legs.live.values()].filter((leg) => leg.at?.page === page && leg.answered);
}

function pagesOf(node: Node, seat: string): ReadonlySet<string> {
  const phones = [...node.registrations.values()].flat().filter(({ sipUser }) => sipUser === seat);
  return new Set(phones.flatMap(({ device }) => pageOf(device) ?? []));
}

function endLegs(node: Node, legs: readonly Leg[]): void {
  for (const { id } of legs) kill(node, id, 'MEDIA_TIMEOUT');
}
