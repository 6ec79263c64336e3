import { whenMediaFlow } from './answer.ts';
import { advance, stopRunning } from './applications.ts';
import { type Application, type Board, liveLeg } from './board.ts';
import type { Leg } from './leg.ts';

/**
 * `UUID`: hears that leg and whoever it is bridged with, until stopped or that leg is over. `eavesdrop_whisper_bleg` lets the leg hear this one,
 * `eavesdrop_whisper_aleg` its partner; keys pressed here change nothing (`eavesdrop_enable_dtmf` may be but `false`). One at a time.
 */
export const eavesdrop: Application = (board, leg, order, run) => {
  const target = liveLeg(board, order.data);
  const keys = leg.variables.get('eavesdrop_enable_dtmf') !== 'false';
  if (target === undefined || target === leg || target.answered !== 'yes' || target.overheardBy !== undefined || keys) {
    run.done('-ERR CANNOT EAVESDROP');
    return;
  }
  target.overheardBy = leg.id;
  run.onStop(() => {
    stopOverhearing(board, leg);
    return '_none_';
  });
  const isOn = (name: string): boolean => leg.variables.get(name) === 'true';
  leg.overhears = {
    leg: target.id,
    toLeg: isOn('eavesdrop_whisper_bleg'),
    toPartner: isOn('eavesdrop_whisper_aleg'),
  };
  whenMediaFlow(board, leg, () => tellMedia(board, leg));
};

const HEARERS: Readonly<Record<string, { readonly toLeg: boolean; readonly toPartner: boolean }>> = {
  '0': { toLeg: false, toPartner: false },
  '1': { toLeg: false, toPartner: true },
  '2': { toLeg: true, toPartner: false },
  '3': { toLeg: true, toPartner: true },
};

/** `sendevent` with the leg's `Unique-ID`: `eavesdrop-command` `0` nobody, `1` the partner, `2` the leg, `3` both. False: no such leg. */
export function eventForLeg(board: Board, id: string, headers: ReadonlyMap<string, string>): boolean {
  const leg = liveLeg(board, id);
  if (leg === undefined) return false;
  const hearers = HEARERS[headers.get('eavesdrop-command') ?? ''];
  if (leg.overhears === undefined || hearers === undefined) return true;
  leg.overhears = { ...leg.overhears, ...hearers };
  tellMedia(board, leg);
  return true;
}

/** The leg is over: nobody overhears it any more. */
export function endOverhearing(board: Board, leg: Leg): void {
  const by = leg.overheardBy === undefined ? undefined : liveLeg(board, leg.overheardBy);
  if (by === undefined) return;
  stopRunning(board, by, 'break');
  advance(board, by);
}

function tellMedia(board: Board, leg: Leg): void {
  if (leg.overhears === undefined) return;
  const { leg: of, toLeg, toPartner } = leg.overhears;
  board.media({ wish: 'overhear', leg: leg.id, of, toLeg, toPartner });
}

function stopOverhearing(board: Board, leg: Leg): void {
  const target = leg.overhears === undefined ? undefined : board.legs.get(leg.overhears.leg);
  leg.overhears = undefined;
  if (target?.overheardBy === leg.id) target.overheardBy = undefined;
  if (leg.ending === undefined) board.media({ wish: 'part', leg: leg.id });
}
