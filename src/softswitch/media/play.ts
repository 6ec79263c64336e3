import type { Codec } from '../rtp/g711.ts';
import type { Leg, Media } from './leg.ts';
import { nextFrame, openSource, type Source } from './sounds.ts';

/** What a leg is being played. */
export interface Play {
  readonly id: string;
  /** Still to be heard, the current one first; undefined while the files are read. */
  sources: Source[] | undefined;
}

/** Parts of one `play` wish. */
export const SOURCES_MAX = 100;

/** Replaces what plays. All parts are read before the first is heard, so that a missing file is told at once. */
export async function startPlay(media: Media, leg: Leg, id: string, names: readonly string[]): Promise<void> {
  cutPlay(media, leg);
  const play: Play = { id, sources: undefined };
  leg.play = play;
  const opened = await openAll(media, names);
  if (leg.play !== play) return;
  if (typeof opened !== 'string') {
    play.sources = opened;
    return;
  }
  leg.play = undefined;
  media.report({ report: 'playEnded', leg: leg.id, id, outcome: 'failed', why: opened });
}

/** Ends what plays before its time, if anything plays. */
export function cutPlay(media: Media, leg: Leg): void {
  const play = leg.play;
  if (!play) return;
  leg.play = undefined;
  media.report({ report: 'playEnded', leg: leg.id, id: play.id, outcome: 'broken' });
}

/** @returns undefined, having told the end, when everything was heard. */
export function nextPlayed(media: Media, leg: Leg, codec: Codec): Uint8Array | undefined {
  const play = leg.play;
  const sources = play?.sources;
  if (!play || !sources) return undefined;
  while (sources[0]) {
    const frame = nextFrame(sources[0], codec);
    if (frame) return frame;
    sources.shift();
  }
  leg.play = undefined;
  media.report({ report: 'playEnded', leg: leg.id, id: play.id, outcome: 'done' });
  return undefined;
}

async function openAll(media: Media, names: readonly string[]): Promise<Source[] | string> {
  if (names.length === 0 || names.length > SOURCES_MAX) return `${names.length} parts instead of 1..${SOURCES_MAX}`;
  const sources: Source[] = [];
  for (const name of names) {
    const source = await openSource(media.shelf, media.options, name);
    if (typeof source === 'string') return `${name}: ${source}`;
    sources.push(source);
  }
  return sources;
}
