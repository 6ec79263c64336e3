import { expect, test } from 'vitest';
import { contactId } from '../../src/core/ids.ts';
import { createTicketBook } from '../../src/main/ticket-book.ts';

test('a ticket tells once beside what it was drawn, and no longer than it is good', () => {
  const book = createTicketBook();
  const untilMs = Date.now() + 30_000;
  book.note('mine', untilMs, contactId('C1'));
  book.note('late', untilMs, contactId('C2'));
  expect(book.take('other', untilMs - 1)).toBeUndefined();
  expect(book.take('mine', untilMs - 1)).toBe('C1');
  expect(book.take('mine', untilMs - 1)).toBeUndefined();
  expect(book.take('late', untilMs)).toBeUndefined();
});
