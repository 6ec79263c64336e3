import type { LegId } from '../../../src/core/ids.ts';
import { baresip, type Phone, type WatchedPhone } from '../../e2e/peers.ts';
import { toneSeconds } from '../../e2e/tone.ts';
import { type Stage, until } from './stage.ts';

/** Somebody with a real phone that says a tone without end. */
export interface Speaker {
  readonly leg: LegId;
  readonly phone: WatchedPhone;
}

/** A citizen who has called and was answered. */
export async function dialIn(stage: Stage, toneHz: number): Promise<Speaker> {
  const from = `139${Math.floor(Math.random() * 1e8)}`;
  const phone = stage.keep(baresip({ server: stage.place.sip, user: from, toneHz }));
  await isReady(phone);
  phone.type(`/dial sip:12345@${stage.place.sip}\n`);
  const { leg } = await stage.hear('callArrived', { from });
  stage.tell({ do: 'answer', leg });
  await stage.hear('legAnswered', { leg });
  return { leg, phone };
}

/** A seat's phone that was rung and has answered. */
export async function seatPhone(stage: Stage, sipUser: string, toneHz: number): Promise<Speaker> {
  const account = { user: sipUser, password: stage.place.seatPassword };
  const phone = stage.keep(baresip({ server: stage.place.sip, ...account, toneHz, answer: 'auto' }));
  const { device } = await until(
    () => {
      for (const event of stage.events) {
        if (event.type === 'deviceRegistered' && event.device.sipUser === sipUser) return event;
      }
      return undefined;
    },
    () => `not registered: ${phone.output()}`,
  );
  const leg = stage.ring(device.uri, { sipUser });
  await stage.hear('legAnswered', { leg });
  return { leg, phone };
}

export const heard = (phone: Phone, hz: number, seconds: number): Promise<true> =>
  until(
    () => (toneSeconds(phone.heard(), hz) >= seconds ? true : undefined),
    () => `${hz} Hz for ${toneSeconds(phone.heard(), hz)} s instead of ${seconds} s`,
  );

const isReady = (phone: Phone): Promise<true> =>
  until(
    () => (phone.output().includes('baresip is ready') ? true : undefined),
    () => `baresip is not up: ${phone.output()}`,
  );
