import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseMessage } from '../../../src/softswitch/sip/parse-message.ts';

/** RFC 4475; the messages ship with the npm package `sip`. */
const folder = new URL('../../../node_modules/sip/test/messages/', import.meta.url);
const message = (name: string) => parseMessage(readFileSync(new URL(`${name}.dat`, folder)));

/** §3.1.1. */
const VALID =
  'wsinv intmeth esc01 escnull esc02 lwsdisp longreq dblreq semiuri transports mpart01 unreason noreason'.split(' ');

/** §3.1.2. True: answered with an error; false: dropped (a response, or nothing to answer to). */
const REFUSED: ReadonlyArray<readonly [string, boolean, number]> = [
  ['badinv01', true, 400],
  ['clerr', true, 400],
  ['ncl', true, 400],
  ['scalar02', true, 400],
  ['scalarlg', false, 400],
  ['quotbal', true, 400],
  ['ltgtruri', true, 400],
  ['lwsruri', true, 400],
  ['lwsstart', true, 400],
  ['trws', true, 400],
  ['escruri', true, 400],
  ['regbadct', true, 400],
  ['badaspec', true, 400],
  ['baddn', true, 400],
  ['badvers', true, 505],
  ['mismatch01', true, 400],
  ['mismatch02', true, 400],
  ['bigcode', false, 400],
];

describe('RFC 4475', () => {
  test.each(VALID)('the valid message %s is accepted', (name) => {
    const parsed = message(name);
    expect(parsed.ok ? 'accepted' : parsed.why).toBe('accepted');
  });

  test.each(REFUSED)('the invalid message %s is refused (answered: %s)', (name, answered, status) => {
    const parsed = message(name);
    expect(parsed).toMatchObject({ ok: false, status });
    expect(!parsed.ok && parsed.headers !== undefined).toBe(answered);
  });

  test('a Date in another zone than GMT costs no call: baddate is accepted, on purpose', () => {
    expect(message('baddate').ok).toBe(true);
  });

  test('wsinv is read field by field', () => {
    const parsed = message('wsinv');
    if (!parsed.ok || parsed.message.kind !== 'request') throw new Error('not accepted');
    const { message: request } = parsed;
    expect(request).toMatchObject({ viaCount: 3, cseq: 9, fromTag: '98asjd8', toTag: '1918181833n' });
    expect(request.via).toMatchObject({ transport: 'UDP', host: '192.0.2.2', branch: '390skdjuw' });
    expect(request.from.displayName).toBe('J Rosenberg \\"');
    expect(request.body.length).toBe(150);
  });

  test('intmeth and unreason keep what is not ASCII', () => {
    const intmeth = message('intmeth');
    const unreason = message('unreason');
    if (!intmeth.ok || !unreason.ok || unreason.message.kind !== 'response') throw new Error('not accepted');
    expect(intmeth.message.from.parameters.size).toBe(2);
    expect(Buffer.from(unreason.message.reason, 'latin1').toString()).toMatch(/простое$/);
  });
});
