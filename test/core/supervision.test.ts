import { expect, test } from 'vitest';
import type { SupervisionMode } from '../../src/core/command.ts';
import { agentId } from '../../src/core/ids.ts';
import { talkView } from '../../src/core/talk-view.ts';
import { agent, Hotline, queue, rules } from './routing-day.ts';

const CITY = rules([queue('personal')], [agent('ana', { personal: 1 }), agent('eva', {})]);

/** A talk, and what a supervisor asks for. */
function talk() {
  const hotline = new Hotline(CITY);
  hotline.ready('ana');
  const contact = hotline.call('personal');
  hotline.answer(contact);
  const ask = (mode: SupervisionMode, reason: string) => {
    hotline.hear({ type: 'supervisionAsked', contact, by: agentId('eva'), mode, reason });
    const { mode: now, reason: why, wanted } = talkView(hotline.state, contact)!.supervision!;
    return { mode: now, reason: why, wanted };
  };
  return { hotline, contact, ask };
}

test('[V2] the reason of a supervision is that of the mode it is in: a new one with another mode, else as before', () => {
  const { ask } = talk();
  expect(ask('whisper', 'training')).toEqual({ mode: 'whisper', reason: 'training' });
  expect(ask('whisper', 'boredom')).toEqual({ mode: 'whisper', reason: 'training' });
  expect(ask('listen', '')).toEqual({ mode: 'listen', reason: 'training' });
  expect(ask('barge', 'x'.repeat(50))).toEqual({ mode: 'barge', reason: 'x'.repeat(40) });
  expect(ask('listen', 'calmer')).toEqual({ mode: 'listen', reason: 'calmer' });
});

test('[V5] what a second person reads is the reason of the mode that is waited for, which is lost with it', () => {
  const { hotline, contact, ask } = talk();
  ask('listen', 'training');
  hotline.hear({ type: 'contactMarked', contact, sensitive: true, by: 'leo' });
  expect(talkView(hotline.state, contact)!.supervision).toBeUndefined();
  expect(ask('listen', 'complaint')).toEqual({ mode: 'listen', reason: 'complaint' });
  hotline.hear({ type: 'supervisionApproved', contact, by: 'leo' });
  expect(ask('barge', 'threat')).toEqual({ mode: 'listen', reason: 'threat', wanted: 'barge' });
  hotline.hear({ type: 'supervisionApproved', contact, by: 'leo' });
  expect(talkView(hotline.state, contact)!.supervision).toMatchObject({ mode: 'barge', reason: 'threat' });
  expect(ask('takeOver', 'panic')).toEqual({ mode: 'barge', reason: 'panic', wanted: 'takeOver' });
  expect(ask('whisper', '')).toEqual({ mode: 'whisper', reason: 'threat' });
});
