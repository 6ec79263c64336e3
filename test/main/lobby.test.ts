import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { SurveyedLeg, SwitchEvent } from '../../src/core/event.ts';
import { legId, nodeId } from '../../src/core/ids.ts';
import { createLobby, LOBBY_MS_MAX } from '../../src/main/lobby.ts';
import { createTicketBook } from '../../src/main/ticket-book.ts';
import { withKnown } from '../../src/main/with-known.ts';
import { Hotline, queue, rules } from '../core/routing-day.ts';

const node = nodeId('switch');
const ours = legId('ours');
const call = (name: string): SwitchEvent => {
  return { type: 'callArrived', node, leg: legId(name), from: '13800138000', dialled: '12345' };
};
const ended = (name: string): SwitchEvent => ({ type: 'legEnded', node, leg: legId(name), cause: 'NORMAL_CLEARING' });

let passed: SwitchEvent[];
let lobby: ReturnType<typeof createLobby>;
beforeEach(() => {
  vi.useFakeTimers();
  passed = [];
  lobby = createLobby(
    () => new Set([ours]),
    (event) => passed.push(event),
  );
});
afterEach(() => void vi.useRealTimers());

function surveyed(...legs: readonly Partial<SurveyedLeg>[]): SwitchEvent {
  const plain = { direction: 'inbound', state: 'ringing', from: '139', dialled: '12345', doing: 'nothing' } as const;
  const all = legs.map((leg) => ({ ...plain, ...leg }) as SurveyedLeg);
  return { type: 'surveyed', node, survey: { bootId: 'boot', legs: all, devices: [], ended: [] } };
}

test('[G1] a call waits for the book of callers and then comes in at once; all others pass meanwhile', () => {
  lobby.hear(call('a'));
  lobby.hear(ended('ours'));
  expect(passed).toEqual([ended('ours')]);
  lobby.open();
  expect(passed).toEqual([ended('ours'), call('a')]);
  lobby.hear(call('b'));
  expect(passed.at(-1)).toEqual(call('b'));
  expect(vi.getTimerCount()).toBe(0);
});

test('[G1] no call waits for longer than a second, nor any a while after the start', () => {
  lobby.hear(call('a'));
  vi.advanceTimersByTime(LOBBY_MS_MAX - 1);
  expect(passed).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(passed).toEqual([call('a')]);
  vi.advanceTimersByTime(2_000);
  lobby.hear(call('b'));
  expect(passed.at(-1)).toEqual(call('b'));
});

test('[G1] what is told of a call that waits follows behind it, and its end ends the waiting', () => {
  lobby.hear(call('a'));
  lobby.hear({ type: 'legAnswered', node, leg: legId('a') });
  expect(passed).toEqual([]);
  lobby.hear(ended('a'));
  expect(passed.map(({ type }) => type)).toEqual(['callArrived', 'legAnswered', 'legEnded']);
  lobby.open();
  expect(passed).toHaveLength(3);
});

test('[G1][S9] calls that a survey finds wait as well, and hold up nothing else of it', () => {
  const legs = [
    { leg: ours },
    { leg: legId('new'), from: '13800138000' },
    { leg: legId('old'), state: 'answered' as const },
  ];
  lobby.hear(surveyed(...legs, { leg: legId('ring'), direction: 'outbound' }));
  const [survey] = passed;
  expect(survey?.type === 'surveyed' && survey.survey.legs.map(({ leg }) => leg)).toEqual(['ours', 'old', 'ring']);
  lobby.hear(surveyed(...legs));
  lobby.open();
  expect(passed.map(({ type }) => type)).toEqual(['surveyed', 'surveyed', 'callArrived']);
  expect(passed[2]).toEqual(call('new'));
});

test('[G1][S9] a call that was let in and is not decided yet does not wait again when a survey shows it', () => {
  lobby.hear(call('a'));
  vi.advanceTimersByTime(LOBBY_MS_MAX);
  lobby.hear(surveyed({ leg: legId('a') }));
  expect(passed.map(({ type }) => type)).toEqual(['callArrived', 'surveyed']);
  const survey = passed[1];
  expect(survey?.type === 'surveyed' && survey.survey.legs.map(({ leg }) => leg)).toEqual(['a']);
  lobby.open();
  expect(passed).toHaveLength(2);
});

test('[G1][S2] a call that a later survey does not show, or whose switch is lost, comes in first: the core says what became of it', () => {
  lobby.hear(call('a'));
  lobby.hear(surveyed());
  lobby.hear(call('b'));
  lobby.hear({ type: 'nodeLost', node });
  expect(passed.map(({ type }) => type)).toEqual(['callArrived', 'surveyed', 'callArrived', 'nodeLost']);
});

test('[G1][G2] an elder who calls in the moment after a start goes to a person without the menu', () => {
  const steps = {
    menu: { kind: 'ask', prompts: ['MNU'], opening: [], choose: { '1': 'in' }, waitMs: 3_000, none: 'in' },
    in: { kind: 'queue', queue: 'personal', prompts: [] },
  } as const;
  const menu = { ...steps.menu, wrongPrompts: [], wrongMax: 0, wrong: 'in' };
  const flow = {
    start: 'menu',
    known: { direct: { step: 'in', callers: ['elder' as const] } },
    steps: { ...steps, menu },
  };
  const settings = { ...rules([queue('personal')], []), lines: { '12345': 'main' }, flows: { main: flow } };
  const hotline = new Hotline({ ...settings, prompts: { MNU: '/MNU' } });
  let known = false;
  const books = { knownOf: () => (known ? { elder: true as const } : undefined), tickets: createTicketBook() };
  const { legs } = hotline.state;
  const door = createLobby(
    () => legs,
    (event) => hotline.hear(withKnown(books, legs, event)),
  );
  door.hear(call('elder'));
  expect(legs.size).toBe(0);
  known = true;
  door.open();
  expect(hotline.state.contacts.get(legs.get(legId('elder'))!.contact)?.stage.in).toBe('queue');
});
