import { expect, test } from 'vitest';
import { type ContactId, legId, nodeId } from '../../src/core/ids.ts';
import type { Settings } from '../../src/core/settings.ts';
import { queueViews } from '../../src/core/view.ts';
import { agent, always, Hotline, queue, rules } from './routing-day.ts';

const NODE = nodeId('switch');
const NUMBER = '13800138000';
const hours = (...shifts: readonly (readonly [number, number])[]) => ({
  offsets: [],
  week: Array(7).fill(shifts.map(([fromMinute, toMinute]) => ({ fromMinute, toMinute }))),
});
const CITY: Partial<Settings> = {
  dialsOut: true,
  hours: { day: hours([0, 1_440]), never: hours() },
  missedCalls: { calendar: 'day', withinMs: 7_200_000, afterOpeningMs: 60_000, standingMax: 1 },
  plans: { anybody: [always({ all: [] })] },
  grades: { emergency: { plan: 'anybody', headStartMs: 600_000 } },
};

function hotlineOf(more: Partial<Settings> = {}): Hotline {
  return new Hotline(
    rules([queue('personal'), queue('night')], [agent('ana', { personal: 1, night: 1 })], { ...CITY, ...more }),
  );
}

/** Of somebody with an emergency open, who gives up after 20 s. */
function missedEmergency(hotline: Hotline): ContactId {
  const leg = legId('emergency');
  const known = { order: { no: 'G1', urgency: 'emergency' as const } };
  hotline.hear({ type: 'callArrived', node: NODE, leg, from: NUMBER, dialled: 'personal', known });
  hotline.hear({ type: 'legAnswered', node: NODE, leg });
  hotline.pass(20_000);
  hotline.hear({ type: 'legEnded', node: NODE, leg, cause: 'NORMAL_CLEARING' });
  return hotline.state.missed.get(NUMBER)!.by!;
}

test('[B3][G3] whose missed call was an emergency is called back as one: before who has come since, and with the order shown', () => {
  const hotline = hotlineOf();
  hotline.hangUp(hotline.call('personal', '13900139001'));
  hotline.pass(1_000);
  const ours = missedEmergency(hotline);
  expect(hotline.state.contacts.get(ours)).toMatchObject({ grade: 'emergency', known: { order: { no: 'G1' } } });
  const caller = hotline.call('personal', '13900139000');
  hotline.pass(60_000);
  hotline.restart();
  hotline.ready('ana');
  expect([hotline.ringing(ours), hotline.ringing(caller)]).toEqual(['ana', undefined]);
});

test('[B3] an emergency that could not be called back yet outlives a restart, goes first, and is called back once', () => {
  const settings = (dialsOut: boolean) =>
    rules([queue('personal')], [agent('ana', { personal: 1 })], { ...CITY, dialsOut });
  const hotline = new Hotline(settings(false), ({ contacts }) => {
    if (contacts.size > 9) throw new Error('call-backs without end');
  });
  hotline.hangUp(hotline.call('personal', '13900139001'));
  hotline.pass(1_000);
  const leg = legId('emergency');
  const known = { order: { no: 'G1', urgency: 'emergency' as const } };
  hotline.hear({ type: 'callArrived', node: NODE, leg, from: NUMBER, dialled: 'personal', known });
  hotline.hear({ type: 'legAnswered', node: NODE, leg });
  hotline.hear({ type: 'legEnded', node: NODE, leg, cause: 'NORMAL_CLEARING' });
  const first = hotline.state.standing.missed.first();
  hotline.restart();
  expect([first?.id, hotline.state.standing.missed.first()]).toEqual([NUMBER, first]);
  hotline.hear({ type: 'settingsLoaded', settings: { ...settings(true), version: 'out' } });
  hotline.pass(1_000);
  expect([...hotline.state.standing.missedUnderWay.values()]).toEqual([NUMBER]);
});

test('[B3][G3] a call-back that stands already becomes an emergency with the second miss, or loses that by a named person', () => {
  const hotline = hotlineOf();
  hotline.hangUp(hotline.call('personal', NUMBER));
  hotline.pass(1_000);
  const ordinary = hotline.state.missed.get(NUMBER)!.by!;
  const ours = missedEmergency(hotline);
  expect([hotline.state.contacts.has(ordinary), hotline.state.contacts.get(ours)?.grade]).toEqual([false, 'emergency']);
  hotline.hear({ type: 'contactRegraded', contact: ours, grade: null, by: 'lea' });
  expect(hotline.state.missed.get(NUMBER)?.known).toBeUndefined();
});

test('[B3][H3] the call-back for a queue that is closed by then stands in the one that stands in for it', () => {
  const shut = { calendar: 'never', closedQueue: 'night', closedPrompts: [] };
  const staff = [agent('ana', { night: 1 })];
  const hotline = new Hotline(rules([queue('personal'), queue('night')], staff, { ...CITY, dialsOut: false }));
  hotline.hangUp(hotline.call('personal', NUMBER));
  hotline.ready('ana');
  const settings = rules([queue('personal', { hours: shut }), queue('night')], staff, CITY);
  hotline.hear({ type: 'settingsLoaded', settings: { ...settings, version: 'shut' } });
  hotline.pass(1_000);
  expect(hotline.ringing(hotline.state.missed.get(NUMBER)!.by!)).toBe('ana');
});

test('[U1] nobody waits by a call-back of ours: no alert, and it counts as no caller', () => {
  const hotline = hotlineOf({ alerts: { waitMs: 180_000 } });
  hotline.hangUp(hotline.call('personal', NUMBER));
  hotline.pass(600_000);
  expect(hotline.state.alerts.size).toBe(0);
  expect(queueViews(hotline.state).find(({ queue: name }) => name === 'personal')?.waiting).toMatchObject([
    { medium: 'callback', nobody: true },
  ]);
  hotline.call('personal', '13900139000');
  hotline.pass(180_000);
  expect(hotline.state.alerts.size).toBe(1);
});
