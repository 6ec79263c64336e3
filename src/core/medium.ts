/** What a contact comes by. `callback`: a call that we place. */
export type Medium = 'voice' | 'callback' | DigitalMedium;

/** Needs no switch and no phone: offered, taken and ended through the interface alone. */
export type DigitalMedium = 'chat' | 'mail';

export const DIGITAL_MEDIA = ['chat', 'mail'] as const satisfies readonly DigitalMedium[];

/** W2: what an agent has room for. By the number orders and masks are indexed; who is free takes the lowest first (W5). */
export type Slot = 0 | 1 | 2;
export type SlotName = 'voice' | DigitalMedium;

export const SLOT_NAMES = ['voice', 'chat', 'mail'] as const satisfies readonly SlotName[];
export const VOICE = 0 satisfies Slot;

const SLOT_OF: Readonly<Record<Medium, Slot>> = { voice: 0, callback: 0, chat: 1, mail: 2 };

export function slotOf(medium: Medium): Slot {
  return SLOT_OF[medium];
}

export function isDigital(medium: Medium): medium is DigitalMedium {
  return SLOT_OF[medium] !== VOICE;
}
