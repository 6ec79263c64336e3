import { computed, type Ref, ref, shallowRef, triggerRef } from 'vue';
import { LiveClient, type LiveSocket, type LiveStatus } from '../../api/live/live-client.ts';
import {
  type ContactItem,
  type EndedItem,
  type FiguresItem,
  type HintItem,
  type Item,
  LIVE_PATH,
  type QueueItem,
  type Rights,
  type SelfItem,
  type StreamName,
} from '../../api/live/messages.ts';
import { ask, Refused } from '../request.ts';
import { setSkew } from './clock.ts';

export const liveStatus: Ref<LiveStatus> = ref<LiveStatus>('stopped');

const streams = {
  me: shallowRef<ReadonlyMap<string, Item>>(new Map()),
  floor: shallowRef<ReadonlyMap<string, Item>>(new Map()),
  board: shallowRef<ReadonlyMap<string, Item>>(new Map()),
} satisfies Record<StreamName, Ref<ReadonlyMap<string, Item>>>;

let client: LiveClient | undefined;

/** What is shown is so since then, by the server's clock; undefined while the socket tells of every change. */
export const staleSinceMs = ref<number>();

/**
 * Opens the live socket; it comes back by itself, and keeps what was known while it is away.
 *
 * @param onRights what the person may do, at each connection.
 */
export function startLive(user: string, onRights: (rights: Rights) => void): void {
  client ??= new LiveClient({
    user,
    connect: () =>
      new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${LIVE_PATH}`) as LiveSocket,
    drawTicket,
    onRights,
    onStatus: (status) => {
      liveStatus.value = status;
      if (status === 'open') staleSinceMs.value = undefined;
      else staleSinceMs.value ??= client?.heardAtMs();
    },
    onItems: ({ stream }) => {
      if (client === undefined) return;
      setSkew(client.skewMs());
      streams[stream].value = client.items(stream);
      triggerRef(streams[stream]);
    },
  });
}

export function stopLive(): void {
  client?.stop();
  client = undefined;
  for (const stream of Object.values(streams)) stream.value = new Map();
}

/** The person did something. */
export function showActive(): void {
  client?.active();
}

async function drawTicket(): Promise<string | undefined> {
  try {
    return (await ask<{ ticket: string }>('/live/ticket', { method: 'POST' })).ticket;
  } catch (error) {
    if (error instanceof Refused && error.status === 401) return undefined;
    throw error;
  }
}

/** All items of a kind, as they stand. */
export function itemsOf<Kind extends Item['kind']>(stream: StreamName, kind: Kind) {
  return computed(() =>
    [...streams[stream].value.values()].filter((item): item is Extract<Item, { kind: Kind }> => item.kind === kind),
  );
}

export const self = computed(() => streams.me.value.get('self') as SelfItem | undefined);
export const contact = computed(() => streams.me.value.get('contact') as ContactItem | undefined);
/** The last call, when it ended by nobody's doing here. */
export const ended = computed(() => streams.me.value.get('ended') as EndedItem | undefined);
export const figures = computed(() => streams.floor.value.get('figures') as FiguresItem | undefined);
export const hints = itemsOf('me', 'hint') as Ref<readonly HintItem[]>;
export const queues = itemsOf('floor', 'queue') as Ref<readonly QueueItem[]>;
/** Forms of contacts that were stored anew. */
export const storedForms = itemsOf('me', 'form');
const sites = itemsOf('floor', 'site');

/** As its people call it; its own word while that is not known. */
export function siteName(site: string | undefined): string {
  return sites.value.find((each) => each.site === site)?.name ?? site ?? '';
}
