import { onBeforeUnmount, onMounted } from 'vue';
import type { Words } from '../language/zh.ts';

export type Deed = keyof Words['help']['keys'];

/** The keyboard of the desk. One table: what is pressed, what is done, and what the help shows. */
export const KEYS: readonly {
  readonly deed: Deed;
  readonly key: string;
  readonly shown: string;
  readonly ctrl?: true;
  readonly shift?: true;
}[] = [
  { deed: 'answer', key: 'F2', shown: 'F2' },
  { deed: 'dialOut', key: 'F3', shown: 'F3' },
  { deed: 'hangUp', key: 'F4', shown: 'F4' },
  { deed: 'hold', key: 'F6', shown: 'F6' },
  { deed: 'mute', key: 'F7', shown: 'F7' },
  // Two keys, not one that goes back and forth: pressed twice, neither undoes what it did.
  { deed: 'ready', key: 'F8', shown: 'F8' },
  { deed: 'notReady', key: 'F8', shown: 'Shift + F8', shift: true },
  { deed: 'keypad', key: 'F9', shown: 'F9' },
  { deed: 'form', key: 'F10', shown: 'F10' },
  { deed: 'save', key: 's', shown: 'Ctrl + S', ctrl: true },
  { deed: 'submit', key: 'Enter', shown: 'Ctrl + Enter', ctrl: true },
  { deed: 'help', key: 'F1', shown: 'F1' },
];

/** What these keys mean; undefined: nothing. */
export function deedOf(pressed: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'shiftKey'>): Deed | undefined {
  return KEYS.find(
    ({ key, ctrl = false, shift = false }) =>
      key === pressed.key && ctrl === pressed.ctrlKey && shift === pressed.shiftKey,
  )?.deed;
}

/** Does it wherever the focus is: none of these keys writes anything. Deeds that are not given are left to the browser. */
export function useShortcuts(deeds: Partial<Record<Deed, () => void>>): void {
  const listen = (event: KeyboardEvent): void => {
    if (event.isComposing || event.altKey || event.metaKey || event.repeat) return;
    const meant = deedOf(event);
    const deed = meant && deeds[meant];
    if (deed === undefined) return;
    event.preventDefault();
    deed();
  };
  onMounted(() => window.addEventListener('keydown', listen));
  onBeforeUnmount(() => window.removeEventListener('keydown', listen));
}
