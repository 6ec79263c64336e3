import { onBeforeUnmount, onMounted } from 'vue';
import type { Words } from '../language/zh.ts';

export type Deed = keyof Words['help']['keys'];

/** The keyboard of the desk. One table: what is pressed, what is done, and what the help shows. */
export const KEYS: readonly {
  readonly deed: Deed;
  readonly key: string;
  readonly shown: string;
  readonly ctrl?: true;
}[] = [
  { deed: 'answer', key: 'F2', shown: 'F2' },
  { deed: 'hangUp', key: 'F4', shown: 'F4' },
  { deed: 'hold', key: 'F6', shown: 'F6' },
  { deed: 'mute', key: 'F7', shown: 'F7' },
  { deed: 'ready', key: 'F8', shown: 'F8' },
  { deed: 'keypad', key: 'F9', shown: 'F9' },
  { deed: 'form', key: 'F10', shown: 'F10' },
  { deed: 'save', key: 's', shown: 'Ctrl + S', ctrl: true },
  { deed: 'submit', key: 'Enter', shown: 'Ctrl + Enter', ctrl: true },
  { deed: 'help', key: 'F1', shown: 'F1' },
];

/** Does it wherever the focus is: none of these keys writes anything. Deeds that are not given are left to the browser. */
export function useShortcuts(deeds: Partial<Record<Deed, () => void>>): void {
  const listen = (event: KeyboardEvent): void => {
    if (event.isComposing || event.altKey || event.metaKey || event.repeat) return;
    const found = KEYS.find(({ key, ctrl = false }) => key === event.key && ctrl === event.ctrlKey);
    const deed = found && deeds[found.deed];
    if (deed === undefined) return;
    event.preventDefault();
    deed();
  };
  onMounted(() => window.addEventListener('keydown', listen));
  onBeforeUnmount(() => window.removeEventListener('keydown', listen));
}
