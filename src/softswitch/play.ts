import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { whenMediaFlow } from './answer.ts';
import type { Application, Board } from './board.ts';
import { resumeMedia } from './bridging.ts';
import { emit } from './event-headers.ts';
import type { Leg, StopReason } from './leg.ts';
import { setVariables } from './leg.ts';

export const SOURCES_MAX = 64;

/** What to play in the media worker's words; or why not. */
export type PlayList = { readonly sources: readonly string[] } | { readonly missing: string };

/**
 * A path, `file_string://a!b!c`, `local_stream://moh`, `silence_stream://MS[,…]`, `tone_stream://%(ON,OFF,HZ)`.
 * Relative paths are under the prompt folder.
 */
export function readPlayList(board: Board, data: string): PlayList {
  const parts = data.startsWith('file_string://') ? data.slice('file_string://'.length).split('!') : [data];
  const sources: string[] = [];
  for (const part of parts.slice(0, SOURCES_MAX)) {
    const source = readSource(board, part.trim());
    if (source === undefined) return { missing: part };
    sources.push(source);
  }
  return { sources };
}

function readSource(board: Board, text: string): string | undefined {
  if (text.startsWith('local_stream://')) return 'music';
  const silence = /^silence_stream:\/\/(-?\d{1,9})/.exec(text);
  if (silence !== null) return `silence:${Math.abs(Number(silence[1]))}`;
  const tone = /^tone_stream:\/\/%\((\d{1,6}),\d{1,6},(\d{2,4})\)/.exec(text);
  if (tone !== null) return `tone:${tone[2]}:${tone[1]}`;
  if (text === '' || text.includes('://')) return undefined;
  const path = isAbsolute(text) ? text : join(board.options.promptFolder, text);
  return existsSync(path) ? path : undefined;
}

/** Plays to a leg and says so. `ended` is called once, unless `stopPlay` comes first. */
export function startPlay(
  board: Board,
  leg: Leg,
  path: string,
  sources: readonly string[],
  ended: (outcome: 'done' | 'broken' | 'failed') => void,
): void {
  const id = randomUUID();
  leg.playing = { id, path, startedAtMs: Date.now(), ended };
  emit(board, leg, 'PLAYBACK_START', { after: [...streamHeader(path), ['Playback-File-Path', path]] });
  board.media({ wish: 'play', leg: leg.id, id, sources });
}

function streamHeader(path: string): ReadonlyArray<readonly [string, string]> {
  return path.startsWith('local_stream://') ? [['Playback-File-Type', 'local_stream']] : [];
}

/** The media worker played to the end, or could not. */
export function playEnded(board: Board, leg: Leg, id: string, outcome: 'done' | 'broken' | 'failed'): void {
  const { playing } = leg;
  if (playing === undefined || playing.id !== id) return;
  saidStop(board, leg, outcome === 'broken' ? 'break' : 'done');
  playing.ended(outcome);
}

/** Cuts what plays; its `ended` is not called. */
export function stopPlay(board: Board, leg: Leg, status: 'break' | 'done'): void {
  if (leg.playing === undefined) return;
  saidStop(board, leg, status);
  if (leg.ending === undefined) board.media({ wish: 'stop', leg: leg.id });
}

function saidStop(board: Board, leg: Leg, status: 'break' | 'done'): void {
  const { playing } = leg;
  if (playing === undefined) return;
  leg.playing = undefined;
  const playedMs = Date.now() - playing.startedAtMs;
  setVariables(leg, {
    playback_last_offset_pos: playedMs * 8,
    playback_seconds: Math.floor(playedMs / 1000),
    playback_ms: playedMs,
    playback_samples: playedMs * 8,
  });
  emit(board, leg, 'PLAYBACK_STOP', {
    after: [...streamHeader(playing.path), ['Playback-File-Path', playing.path], ['Playback-Status', status]],
  });
}

/** FreeSWITCH's response when a bridge or a hang-up ends endless music; a controller must not take it for a failure. */
export function cutResponse(why: StopReason): string {
  return why === 'break' ? 'FILE PLAYED' : 'PLAYBACK ERROR';
}

export const playback: Application = (board, leg, order, run) => {
  const list = readPlayList(board, order.data);
  if ('missing' in list) {
    run.done('FILE NOT FOUND');
    return;
  }
  run.onStop((why) => {
    stopPlay(board, leg, why === 'break' || why === 'transfer' ? 'break' : 'done');
    if (why === 'break') resumeMedia(board, leg);
    return cutResponse(why);
  });
  run.onDigit((digit) => {
    const terminators = leg.variables.get('playback_terminators') ?? '*';
    if (terminators !== 'none' && (terminators === 'any' || terminators.includes(digit))) {
      setVariables(leg, { playback_terminator_used: digit });
      stopPlay(board, leg, 'break');
      resumeMedia(board, leg);
      run.done('FILE PLAYED');
    }
  });
  whenMediaFlow(board, leg, () => {
    startPlay(board, leg, order.data, list.sources, (outcome) => {
      resumeMedia(board, leg);
      run.done(outcome === 'failed' ? 'PLAYBACK ERROR' : 'FILE PLAYED');
    });
  });
};
