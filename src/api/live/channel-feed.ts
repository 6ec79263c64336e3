import type { ChannelHost } from '../../channel/host.ts';
import type { Hub } from './hub.ts';

/** In a rush, changes are told together: whoever hears of one asks again. */
const TOLD_EVERY_MS = 1_000;

/** Tells boards that the channels are other than before: the first change at once. @returns what ends it. */
export function keepChannels(hub: Hub, host: Pick<ChannelHost, 'follow'>): () => void {
  let changes = 0;
  let told = 0;
  let rest: NodeJS.Timeout | undefined;
  const tell = (): void => {
    rest = undefined;
    if (told === changes) return;
    told = changes;
    hub.watch.setChannels(changes);
    hub.tell();
    rest = setTimeout(tell, TOLD_EVERY_MS).unref();
  };
  const unfollow = host.follow(() => {
    changes += 1;
    if (rest === undefined) tell();
  });
  return () => {
    clearTimeout(rest);
    unfollow();
  };
}
