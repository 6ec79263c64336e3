import { expect, test } from 'vitest';
import type { Command } from '../../src/core/command.ts';
import type { Event, EventBody, SurveyedLeg } from '../../src/core/event.ts';
import { type ContactId, legId, nodeId } from '../../src/core/ids.ts';
import type { Settings } from '../../src/core/settings.ts';
import { step } from '../../src/core/step.ts';
import { agent, Hotline, queue, rules } from './routing-day.ts';

const NODE = nodeId('switch');
const CITY = rules([queue('personal')], [agent('ana', { personal: 1 })]);

const surveyed = (...legs: SurveyedLeg[]): EventBody => ({
  ...{ type: 'surveyed', node: NODE, survey: { bootId: 'boot', legs, devices: [], ended: [] } },
});
const shown = (leg: string, state: SurveyedLeg['state'], more: Partial<SurveyedLeg> = {}): SurveyedLeg => ({
  ...{ leg: legId(leg), direction: 'inbound', state, from: '138', dialled: 'personal', doing: 'nothing' },
  ...more,
});

/** What is decided; nothing of it is carried out. */
function decide({ state }: Hotline, body: EventBody): Command[] {
  return [...step(state, { ...body, atMs: state.nowMs } as Event, state.seq + 1)];
}

const saidOf = (commands: readonly Command[]) => commands.map((one) => (one.do === 'record-fact' ? one.fact : one.do));

test('[S9] calls that nobody has claimed are answered, or go on when the switch has answered them; only our own rings are ended', () => {
  const hotline = new Hotline(CITY);
  const ours = `${hotline.state.standing.legPrefix}0000-000000000001`;
  const found = decide(
    hotline,
    surveyed(
      shown('ringing', 'ringing'),
      shown('talking', 'answered'),
      shown(ours, 'ringing', { direction: 'outbound' }),
      shown('stranger', 'answered', { direction: 'outbound' }),
    ),
  );
  const about = (leg: string) => saidOf(found.filter((one) => 'leg' in one && one.leg === leg));
  expect(about('ringing')).toEqual(['legOpened', 'answer']);
  expect(about('talking')).toEqual(['legOpened', 'music']);
  expect(about(ours)).toEqual(['hangUp']);
  expect(about('stranger')).toEqual([]);
});

test('[S4] a call that is not answered yet is answered again, and an answer that nobody saw counts', () => {
  for (const state of ['ringing', 'answered'] as const) {
    const hotline = new Hotline(CITY);
    decide(hotline, { type: 'callArrived', node: NODE, leg: legId('call'), from: '138', dialled: 'personal' });
    const next = state === 'ringing' ? ['answer'] : ['legAnswered', 'waitStarted', 'music'];
    expect(saidOf(decide(hotline, surveyed(shown('call', state))))).toEqual(next);
  }
});

test('[S4][S10] music that is gone from a caller who waits, or whose talk has a gap, is played again; where it plays it is left', () => {
  for (const stage of ['queue', 'parted'] as const) {
    const hotline = new Hotline(CITY);
    const call = hotline.call('personal');
    const contact = hotline.state.contacts.get(call)!;
    if (stage === 'parted') {
      hotline.ready('ana');
      hotline.answer(call);
      if (contact.stage.in !== 'talk') throw new Error(contact.stage.in);
      hotline.hear({ type: 'legEnded', node: NODE, leg: contact.stage.agentLeg, cause: 'MEDIA_TIMEOUT' });
    }
    expect(contact.stage.in).toBe(stage);
    const heard = (doing: SurveyedLeg['doing']) =>
      saidOf(decide(hotline, surveyed(shown(contact.leg, 'answered', { doing })))).filter((said) => said === 'music');
    expect(heard('nothing'), stage).toEqual(['music']);
    expect(heard('music'), stage).toEqual([]);
  }
});

/** A question before the queue. */
const ask = (to: string): Settings['flows'] => ({
  personal: {
    start: 'menu',
    steps: {
      menu: {
        ...{ kind: 'ask', opening: [], prompts: ['MNU-01'], choose: { '1': 'in' }, waitMs: 3_000, none: 'in' },
        ...{ wrongPrompts: [], wrongMax: 1, wrong: 'in' },
      },
      in: { kind: 'queue', queue: to, prompts: [] },
    },
  },
});
const city = (to: string) =>
  rules([queue('personal'), queue('enterprise')], [], {
    flows: ask(to),
    hours: { day: { offsets: [], week: Array(7).fill([{ fromMinute: 0, toMinute: 1_440 }]) } },
    missedCalls: { calendar: 'day', withinMs: 60_000, afterOpeningMs: 60_000, standingMax: 1 },
    prompts: { 'MNU-01': '/MNU-01' },
  });

test('[S3] a question that is gone from its leg is put again', () => {
  for (const gone of ['with its key', 'without'] as const) {
    const hotline = new Hotline(city('personal'));
    const { leg, stage } = hotline.state.contacts.get(hotline.call('personal'))!;
    if (stage.in !== 'menu') throw new Error(stage.in);
    const seen = shown(leg, 'answered', gone === 'without' ? {} : { key: stage.key });
    expect(saidOf(decide(hotline, surveyed(seen))), gone).toEqual(['collect']);
  }
});

/** One may wait; whose agent hangs up is asked how it was. */
const narrow = () => {
  const callBack = { afterMs: 15_000, ahead: 10, tries: 3, pauseMs: 60_000, ringMs: 30_000 };
  const rating = { prompts: ['RAT-01'], thanks: ['RAT-02'], waitMs: 8_000 };
  const prompts = ['CBK-04', 'FUL-01', 'FUL-02', 'RAT-01', 'RAT-02'].map((id) => [id, `/${id}`]);
  return rules([queue('personal', { waitingMax: 1, callBack, rating })], [agent('ana', { personal: 1 })], {
    ...{ dialsOut: true, prompts: Object.fromEntries(prompts) },
  });
};

test('[S3] so are the questions of a full queue and after a talk; last words that are gone were heard', () => {
  const after = (stage: string, hotline: Hotline, call: ContactId) => {
    const contact = hotline.state.contacts.get(call)!;
    expect(contact.stage.in).toBe(stage);
    const decided = decide(hotline, surveyed(shown(contact.leg, 'answered')));
    return decided.flatMap((one) => ('leg' in one && one.leg === contact.leg && one.do !== 'record-fact' ? [one] : []));
  };
  const full = new Hotline(narrow());
  full.call('personal');
  expect(after('deflecting', full, full.call('personal', '13800138000'))).toMatchObject([
    { do: 'collect', files: ['/FUL-02'] },
  ]);
  const withheld = new Hotline(narrow());
  withheld.call('personal');
  expect(after('goodbye', withheld, withheld.call('personal'))).toMatchObject([{ do: 'hangUp' }]);
  const talk = new Hotline(narrow());
  talk.ready('ana');
  const call = talk.call('personal');
  talk.answer(call);
  const { stage } = talk.state.contacts.get(call)!;
  if (stage.in !== 'talk') throw new Error(stage.in);
  talk.hear({ type: 'legEnded', node: NODE, leg: stage.agentLeg, cause: 'NORMAL_CLEARING' });
  expect(after('rating', talk, call)).toMatchObject([{ do: 'collect', files: ['/RAT-01'] }]);
});

test('[F8][B1] who is lost in the menu by a switch that has restarted is missed in the queue that the flow of then led to', () => {
  const hotline = new Hotline(city('personal'));
  const call = hotline.call('personal', '13800138000');
  expect(hotline.state.contacts.get(call)!.stage.in).toBe('menu');
  hotline.hear({ type: 'settingsLoaded', settings: city('enterprise') });
  const survey = { bootId: 'another', legs: [], devices: [], ended: [] };
  const lost = hotline.hear({ type: 'surveyed', node: NODE, survey });
  expect(lost).toContainEqual(expect.objectContaining({ fact: 'callMissed', queue: 'personal' }));
});
