import { ref, watch } from 'vue';
import { callerWord, words } from '../language/words.ts';
import { contact } from '../live/live.ts';
import { doubtCall, holdAgain, phone } from '../phone/phone.ts';
import { ring, stopRing } from '../phone/ring-tone.ts';
import { keepContact, keptContact } from '../phone/same-call.ts';

export const permission = ref(typeof Notification === 'undefined' ? 'denied' : Notification.permission);

export async function askPermission(): Promise<void> {
  permission.value = await Notification.requestPermission();
}

/** Rings and shows a notification while a call is offered; remembers which contact this tab speaks in. */
export function announceCalls(): void {
  let shown: Notification | undefined;
  const rings = (): boolean => phone.line === 'ringing' && !phone.resuming;
  watch(rings, (ringing) => (ringing ? ring() : stopRing()));
  // The telephone may ring before the live socket tells who it is: then the notification is put right.
  watch([rings, () => contact.value?.from] as const, ([ringing, from]) => {
    shown?.close();
    shown = undefined;
    if (!ringing || permission.value !== 'granted' || document.hasFocus()) return;
    const { incoming, notification } = words.value.call;
    const text = from === undefined ? incoming : notification(callerWord(from));
    shown = new Notification(text, { tag: 'minhu-call', requireInteraction: true });
    shown.onclick = () => window.focus();
  });
  // A page of the same seat that only shows the talk would otherwise answer for the one that comes back to it.
  const speaks = (): boolean => phone.line === 'talking' && !phone.echo;
  watch([contact, speaks], ([now, here]) => {
    if (here && (now?.phase === 'talking' || now?.phase === 'held')) keepContact(now.contact);
    // A page that has just been loaded is told what was before its own talk, too.
    else if (now?.phase === 'wrapUp' && now.contact === keptContact()) keepContact(undefined);
  });
  watch(
    () => phone.toHold && phone.line === 'talking' && contact.value?.phase === 'talking',
    (joined) => void (joined && holdAgain()),
  );
  // A call here that the core knows nothing of, or another one of.
  watch(() => speaks() && (contact.value === undefined || contact.value.phase === 'wrapUp'), doubtCall);
}
