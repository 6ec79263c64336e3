import { expect, test } from 'vitest';
import { makeWebCallTicket } from '../../src/lib/web-call-ticket.ts';
import type { Board } from '../../src/softswitch/board.ts';
import type { WebCallRules } from '../../src/softswitch/directory.ts';
import type { Flow } from '../../src/softswitch/sip/user-agent.ts';
import { createWebCallers, WEB_CONTEXT } from '../../src/softswitch/web-callers.ts';

const NOW_MS = 1_790_000_000_000;
const FLOW: Flow = { transport: 'wss', remoteIp: '203.0.113.9', remotePort: 40_000, connection: 1 };
const OTHER: Flow = { ...FLOW, remoteIp: '203.0.113.10' };
let salt = 0;

function ticket(expiresAtMs = NOW_MS + 30_000): string {
  salt += 1;
  return makeWebCallTicket({ number: '12345', expiresAtMs }, 'key', 'minhu', (bytes) => Buffer.alloc(bytes, salt))
    .username;
}

/** As much of the switch as is asked: its rules, and who calls. */
function board(rules: WebCallRules | undefined, callers: readonly string[] = []): Board {
  const legs = callers.map((ip, n) => [String(n), { profile: { context: WEB_CONTEXT }, signalling: { ip } }] as const);
  return { directory: { has: () => false, webCalls: () => rules }, legs: new Map(legs) } as unknown as Board;
}

const RULES: WebCallRules = { key: 'key', numbers: ['12345'], atOnce: { all: 3, each: 2 } };

test('a ticket calls once, while it is good, and while calls from pages are allowed', () => {
  const callers = createWebCallers();
  const mine = ticket();
  expect(callers.refusalOf(board(undefined), mine, FLOW, NOW_MS)).toEqual([403, 'The ticket is over']);
  expect(callers.refusalOf(board(RULES), mine, FLOW, NOW_MS)).toBeUndefined();
  expect(callers.refusalOf(board(RULES), mine, FLOW, NOW_MS + 1)).toEqual([403, 'The ticket is over']);
  expect(callers.refusalOf(board(RULES), ticket(), FLOW, NOW_MS)).toBeUndefined();
  expect(callers.refusalOf(board(RULES), ticket(NOW_MS - 1_000), FLOW, NOW_MS)).toEqual([403, 'The ticket is over']);
});

test('no more calls at once than there may be, of one address and altogether; a refused ticket is still good', () => {
  const callers = createWebCallers();
  const mine = ticket();
  const two = board(RULES, [FLOW.remoteIp, FLOW.remoteIp]);
  expect(callers.refusalOf(two, mine, FLOW, NOW_MS)).toEqual([503, 'Too many calls from this address']);
  expect(callers.refusalOf(two, ticket(), OTHER, NOW_MS)).toBeUndefined();
  const three = board(RULES, ['192.0.2.1', '192.0.2.2', '192.0.2.3']);
  expect(callers.refusalOf(three, mine, FLOW, NOW_MS)).toEqual([503, 'Too many calls from pages']);
  expect(callers.refusalOf(board(RULES), mine, FLOW, NOW_MS)).toBeUndefined();
});

test('of one IPv6 subscriber, who has many addresses, as of one IPv4 address; offices beside each other do not count together', () => {
  const callers = createWebCallers();
  const from = (remoteIp: string): Flow => ({ ...FLOW, remoteIp });
  const subscriber = board(RULES, ['2001:db8:0:7::1', '2001:db8:0:7:a:b:c:d']);
  expect(callers.refusalOf(subscriber, ticket(), from('2001:db8::7:9:0:0:2'), NOW_MS)).toEqual([
    ...[503, 'Too many calls from this address'],
  ]);
  expect(callers.refusalOf(subscriber, ticket(), from('2001:db8:0:8::1'), NOW_MS)).toBeUndefined();
  const offices = board(RULES, ['203.0.113.8', '203.0.113.10']);
  expect(callers.refusalOf(offices, ticket(), FLOW, NOW_MS)).toBeUndefined();
});
