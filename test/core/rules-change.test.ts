import { describe, expect, test } from 'vitest';
import type { Settings, SiteSetting } from '../../src/core/settings.ts';
import { siteViews } from '../../src/core/view.ts';
import { agent, always, Hotline, queue, rules, until } from './routing-day.ts';

const LAW = { skill: 'law', level: 1 };
const ANYBODY = { all: [] };

/** What a mode, or a city folder read anew, changes under those who wait already. */
const headStartOf = (hotline: Hotline, call: ReturnType<Hotline['call']>) => {
  const stage = hotline.state.contacts.get(call)?.stage;
  return stage?.in === 'queue' ? stage.wait.headStartMs : undefined;
};
const inMode = (hotline: Hotline, mode: 'normal' | 'emergency') =>
  hotline.hear({ type: 'modeAsked', mode, by: 'lead', reason: '演练' });
const load = (hotline: Hotline, settings: Settings, version: string) =>
  hotline.hear({ type: 'settingsLoaded', settings: { ...settings, version } });

describe('another plan', () => {
  const plans = {
    c: [until(10_000, LAW), until(60_000, LAW), always(ANYBODY, { headStartMs: 30_000 })],
    any: [always(ANYBODY)],
    slow: [until(5_000, LAW), until(10_000, LAW), until(600_000, LAW), always(ANYBODY)],
    e: [until(60_000, LAW), until(90_000, LAW), always(ANYBODY)],
  };
  const city = (plan: string, more: Partial<Settings> = {}, before = 'c') =>
    rules([queue('personal', { plan: before })], [agent('ana', { personal: 1 }), agent('leo', { law: 1 })], {
      plans,
      modes: { emergency: { queues: { personal: { plan } } } },
      ...more,
    });

  test('[M2][Q17] the head start of a step counts once, however often a mode comes and goes', () => {
    const hotline = new Hotline(city('any'));
    const call = hotline.call('personal');
    hotline.pass(61_000);
    expect(headStartOf(hotline, call)).toBe(30_000);
    for (const [mode, headStartMs] of [
      ['emergency', 0],
      ['normal', 30_000],
      ['emergency', 0],
      ['normal', 30_000],
    ] as const) {
      inMode(hotline, mode);
      expect(headStartOf(hotline, call)).toBe(headStartMs);
      hotline.restart();
    }
  });

  test('[M2][Q11] a wait is in the step of the plan of now that is not over, whatever the number of its step was before', () => {
    const hotline = new Hotline(city('e', {}, 'slow'));
    hotline.ready('ana');
    const call = hotline.call('personal');
    hotline.pass(11_000);
    inMode(hotline, 'emergency');
    hotline.pass(78_999);
    expect(hotline.ringing(call)).toBeUndefined();
    hotline.pass(1);
    expect(hotline.ringing(call)).toBe('ana');
  });

  test('[P6][Q11] new settings change the steps of their own plan alone, and with the same steps nothing', () => {
    const hotline = new Hotline(city('e'));
    const call = hotline.call('personal');
    hotline.pass(61_000);
    load(hotline, city('e', { dialsOut: true }), 'others');
    expect(headStartOf(hotline, call)).toBe(30_000);
    const ahead = [...plans.c.slice(0, 2), always(ANYBODY, { headStartMs: 45_000 })];
    load(hotline, city('e', { plans: { ...plans, c: ahead } }), 'ahead');
    expect(headStartOf(hotline, call)).toBe(45_000);
    load(hotline, city('e', { plans: { ...plans, c: [until(70_000, LAW), always(ANYBODY)] } }), 'longer');
    hotline.ready('ana');
    expect(headStartOf(hotline, call)).toBe(0);
    expect(hotline.ringing(call)).toBeUndefined();
    hotline.pass(9_000);
    expect(hotline.ringing(call)).toBe('ana');
  });

  test('[M2][Q11] who is rung keeps the offer, and goes on in the plan of now afterwards', () => {
    const hotline = new Hotline(city('e', {}, 'slow'));
    const call = hotline.call('personal');
    hotline.pass(11_000);
    hotline.ready('leo');
    hotline.pass(4_000);
    inMode(hotline, 'emergency');
    expect(hotline.ringing(call)).toBe('leo');
    hotline.ready('ana');
    hotline.pass(16_000);
    hotline.ask('leo', 'offline');
    hotline.pass(58_999);
    expect(hotline.ringing(call)).toBeUndefined();
    hotline.pass(1);
    expect(hotline.ringing(call)).toBe('ana');
  });
});

describe('another floor', () => {
  const staff = [
    agent('ana', { enterprise: 1 }, { home: 'enterprise' }),
    agent('bob', { personal: 1, enterprise: 1 }, { home: 'enterprise' }),
  ];
  const city = (floor: number | undefined) =>
    rules([queue('personal'), queue('enterprise', floor === undefined ? {} : { floor })], staff, {
      modes: { emergency: { queues: { enterprise: { floor: 0 } } } },
    });

  /** Bob is idle, and kept for the home queue. */
  function kept(): { hotline: Hotline; call: ReturnType<Hotline['call']> } {
    const hotline = new Hotline(city(0.9));
    const late = hotline.call('enterprise');
    hotline.pass(16_000);
    hotline.ready('ana');
    hotline.answer(late);
    hotline.ready('bob');
    const call = hotline.call('personal');
    expect(hotline.ringing(call)).toBeUndefined();
    return { hotline, call };
  }

  test('[M2][Q15] that a mode lifts keeps nobody any longer, from now on', () => {
    const { hotline, call } = kept();
    inMode(hotline, 'emergency');
    expect(hotline.ringing(call)).toBe('bob');
  });

  test('[P6][Q15] that new settings lift keeps nobody any longer; one that they set counts what was answered before', () => {
    const { hotline, call } = kept();
    load(hotline, city(undefined), 'lifted');
    expect(hotline.ringing(call)).toBe('bob');
    hotline.ask('bob', 'notReady');
    load(hotline, city(0.5), 'set');
    hotline.ready('bob');
    expect(hotline.ringing(call)).toBeUndefined();
    hotline.restart();
    expect(hotline.ringing(call)).toBeUndefined();
    hotline.pass(300_000);
    expect(hotline.ringing(call)).toBe('bob');
  });
});

test('[P6][Q14] a site that is gone from the settings is down no longer, and is recorded as open', () => {
  const sites = [
    { id: 'main', name: '主平台', kind: 'main' as const },
    { id: 'east', name: '东区分平台', kind: 'subPlatform' as const },
  ];
  const city = (named: readonly SiteSetting[]) =>
    rules([queue('personal')], [agent('ana', { personal: 1 }, { site: 'east' })], { sites: named });
  const hotline = new Hotline(city(sites));
  hotline.hear({ type: 'siteAsked', site: 'east', status: 'down', by: 'lead' });
  hotline.ready('ana');
  const call = hotline.call('personal');
  expect(hotline.ringing(call)).toBeUndefined();
  load(hotline, city(sites.slice(0, 1)), 'without');
  expect(hotline.ringing(call)).toBe('ana');
  expect(hotline.commands.filter((each) => each.do === 'record-fact' && each.fact === 'siteStatus')).toMatchObject([
    { site: 'east', status: 'down', by: 'lead' },
    { site: 'east', status: 'open', by: '' },
  ]);
  load(hotline, city(sites), 'back');
  expect(siteViews(hotline.state).map(({ site, status }) => [site, status])).toEqual([
    ['main', 'open'],
    ['east', 'open'],
  ]);
});
