import { expect, test } from 'vitest';
import type { Settings, WaitMessage } from '../../src/core/settings.ts';
import { agent, Hotline, queue, rules } from './routing-day.ts';

const WORDS = ['MANY', 'WEB', 'FLOOD', 'QUE-02', 'QUE-03a', 'QUE-03b', 'NUM-1'];

function said(prompts: readonly string[], afterS: number, everyS?: number): WaitMessage {
  const every = everyS === undefined ? {} : { everyMs: everyS * 1_000 };
  return { prompts, afterMs: afterS * 1_000, ...every, lastsMs: 4_000 };
}

/** The place at 15 s, then every 30 s. */
function city(citizen: readonly WaitMessage[], more: Partial<Settings> = {}): Settings {
  const { messages, ...rest } = more;
  return rules([queue('personal', { messages: 'citizen' }), queue('enterprise')], [agent('ana', { personal: 1 })], {
    prompts: Object.fromEntries(WORDS.map((id) => [id, `/${id}`])),
    messages: { citizen, ...messages },
    ...rest,
  });
}

/** Seconds of the wait, and what was begun to be said then. */
class Ear {
  readonly heard: string[] = [];
  readonly hotline: Hotline;
  #s = 0;

  constructor(settings: Settings) {
    this.hotline = new Hotline(settings);
  }

  listen(seconds: number): string[] {
    for (let s = 0; s < seconds; s++) {
      const from = this.hotline.commands.length;
      this.hotline.pass(1_000);
      this.#s += 1;
      for (const command of this.hotline.commands.slice(from)) {
        if (command.do === 'music') this.heard.push(`${this.#s} ${command.files.join(' ').replaceAll('/', '')}`);
      }
    }
    return this.heard;
  }
}

test('[Q21] who waits hears each message at its times, and the place at its own', () => {
  const ear = new Ear(city([said(['MANY'], 30, 60), said(['WEB'], 60)]));
  ear.hotline.call('personal');
  expect(ear.listen(120)).toEqual([
    '15 QUE-02',
    '30 MANY',
    '45 QUE-02',
    '60 WEB',
    '75 QUE-02',
    '90 MANY',
    '105 QUE-02',
  ]);
});

test('[Q21] those due together are said together in the city’s order, the place last', () => {
  const ear = new Ear(city([said(['WEB'], 15), said(['MANY'], 15)]));
  ear.hotline.call('personal');
  expect(ear.listen(15)).toEqual(['15 WEB MANY QUE-02']);
});

test('[Q21] nothing is said into another announcement: what is due meanwhile comes after it', () => {
  const ear = new Ear(city([said(['MANY'], 16), said(['WEB'], 43)]));
  ear.hotline.call('personal');
  expect(ear.listen(60)).toEqual(['15 QUE-02', '30 MANY', '43 WEB', '47 QUE-02']);
});

test('[Q21] nothing is said while a phone rings, and what was due then is passed over', () => {
  const ear = new Ear(city([said(['MANY'], 20, 60)]));
  const contact = ear.hotline.call('personal');
  ear.listen(16);
  ear.hotline.ready('ana');
  ear.listen(18);
  ear.hotline.decline(contact);
  ear.hotline.ask('ana', 'notReady');
  expect(ear.listen(60)).toEqual(['15 QUE-02', '45 QUE-02', '75 QUE-02', '90 MANY']);
});

test('[Q21] a step of a flow may name messages of its own', () => {
  const base = city([said(['MANY'], 20)], { messages: { own: [said(['WEB'], 25)] } });
  const flow = {
    start: 'in',
    steps: { in: { kind: 'queue' as const, queue: 'enterprise', prompts: [], messages: 'own' } },
  };
  const ear = new Ear({ ...base, flows: { ...base.flows, enterprise: flow } });
  ear.hotline.call('enterprise');
  expect(ear.listen(30)).toEqual(['15 QUE-02', '30 WEB']);
});

test('[Q21][M2] a mode says something else to those who wait already, and its end takes it back', () => {
  const settings = city([said(['MANY'], 20, 120)], {
    messages: { flood: [said(['FLOOD'], 10, 20)] },
    modes: { emergency: { queues: { personal: { messages: 'flood' } } } },
  });
  const ear = new Ear(settings);
  ear.hotline.call('personal');
  ear.listen(31);
  ear.hotline.hear({ type: 'modeAsked', mode: 'emergency', by: 'lead', reason: '暴雨' });
  ear.listen(40);
  ear.hotline.hear({ type: 'modeAsked', mode: 'normal', by: 'lead', reason: '解除' });
  expect(ear.listen(30)).toEqual(['15 QUE-02', '30 MANY', '45 QUE-02', '60 FLOOD', '70 FLOOD', '85 QUE-02']);
});

test('[Q21] a queue that had nothing to say says it to those who wait already, when the rules come', () => {
  const ear = new Ear(city([]));
  ear.hotline.call('personal');
  ear.listen(20);
  ear.hotline.hear({ type: 'settingsLoaded', settings: { ...city([said(['MANY'], 10, 20)]), version: 'next' } });
  ear.hotline.restart();
  expect(ear.listen(20)).toEqual(['15 QUE-02', '30 MANY']);
});

test('[Q21] a restart in between changes nothing that is heard', () => {
  const settings = city([said(['MANY'], 16, 33), said(['WEB'], 20, 41)]);
  const [whole, broken] = [new Ear(settings), new Ear(settings)];
  for (const { hotline } of [whole, broken]) hotline.call('personal');
  for (let s = 0; s < 300; s++) {
    whole.listen(1);
    broken.listen(1);
    broken.hotline.restart();
  }
  expect(broken.heard).toEqual(whole.heard);
  expect(whole.heard.filter((line) => line.includes('MANY')).length).toBeGreaterThan(7);
});
