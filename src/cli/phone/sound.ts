import { randomInt } from 'node:crypto';
import { createMedia } from '../../softswitch/media/engine.ts';
import type { MediaReport, MediaWish } from '../../softswitch/media/messages.ts';

/** The phone's microphone and earpiece. */
export interface Sound {
  apply(wish: MediaWish): void;
  /** The RTP port of a new leg. @throws Error when none is free. */
  open(leg: string): Promise<number>;
  /** Resolves when the leg's file is whole. */
  closeLeg(leg: string): Promise<void>;
  close(): Promise<void>;
}

/** Below what systems hand out by themselves and beside the switch's own default range. */
const PORT_MIN = 30_000;
const PORT_MAX = 32_700;
const PORTS_OF_ONE_PHONE = 100;

export function openSound(folder: string, bindIp: string): Sound {
  const opening = new Map<string, { done: (port: number) => void; failed: (error: Error) => void }>();
  const closing = new Map<string, { done: () => void; closed: Promise<void> }>();
  const portMin = randomInt(PORT_MIN / 2, (PORT_MAX - PORTS_OF_ONE_PHONE) / 2) * 2;
  const media = createMedia(
    {
      bindIp,
      portMin,
      portMax: portMin + PORTS_OF_ONE_PHONE - 1,
      // A phone plays nothing but its tone.
      musicFile: '',
      playFolders: [],
      recordFolder: folder,
    },
    take,
  );

  function take(report: MediaReport): void {
    if (report.report === 'opened') opening.get(report.leg)?.done(report.port);
    else if (report.report === 'openFailed') failOpening(report.leg, report.why);
    else if (report.report === 'closed') {
      closing.get(report.leg)?.done();
      closing.delete(report.leg);
      failOpening(report.leg, 'closed');
    }
  }

  /** Says nothing to one that was opened long ago. */
  function failOpening(leg: string, why: string): void {
    opening.get(leg)?.failed(new Error(why));
    opening.delete(leg);
  }

  function closeLeg(leg: string): Promise<void> {
    const already = closing.get(leg)?.closed;
    if (already !== undefined || !opening.has(leg)) return already ?? Promise.resolve();
    let done = () => {};
    const closed = new Promise<void>((resolve) => {
      done = resolve;
    });
    closing.set(leg, { done, closed });
    media.apply({ wish: 'close', leg });
    return closed;
  }

  return {
    apply: media.apply,
    open: (leg) =>
      new Promise((done, failed) => {
        opening.set(leg, { done, failed });
        media.apply({ wish: 'open', leg });
      }),
    closeLeg,
    close: media.close,
  };
}
