import { expect, test } from 'vitest';
import { WaitingList } from '../../src/api/live/waiting-list.ts';
import type { ContactCard } from '../../src/core/desk-view.ts';
import { contactId } from '../../src/core/ids.ts';

function card(name: string, more: Partial<ContactCard> = {}): ContactCard {
  const wait = { queue: 'personal', enqueuedAtMs: 1_000, orderMs: 1_000 };
  const beginning = { line: '12345', from: '1', fromName: '', arrivedAtMs: 1_000 };
  return { contact: contactId(name), medium: 'callback', ...beginning, wait, waiting: true, ...more };
}

test('a call-back by which nobody waits is shown, and is neither counted nor the longest wait, until its citizen is there', () => {
  const list = new WaitingList();
  const ours = card('ours', { nobody: true });
  list.place(ours.contact, ours);
  expect([list.size, list.waitingIn('personal'), list.longestSinceMs('personal')]).toEqual([0, 0, undefined]);
  expect(list.show(ours.contact)).toBe(true);
  expect(list.place(ours.contact, card('ours'))).toEqual(['personal']);
  expect([list.size, list.longestSinceMs('personal')]).toEqual([1, 1_000]);
  expect(list.place(ours.contact, ours)).toEqual(['personal']);
  expect([list.size, list.longestSinceMs('personal')]).toEqual([0, undefined]);
});
