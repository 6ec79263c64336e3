import { beforeAll, describe, expect, test } from 'vitest';
import { pageModule } from './browser-store.ts';

type Words = readonly { readonly field: string; readonly value: string | boolean }[];
type Text = Record<string, string | boolean>;
interface Module {
  displacedIn(text: Text, own: Words): Words;
  rewritten(own: Words, before: Text, after: Text): Words;
  takenBack(own: Words, text: Text): { readonly text: Text; readonly own: Words };
}

let module: Module;
let empty: Text;
beforeAll(async () => {
  module = await pageModule<Module>('work/own-words.ts');
  empty = (await pageModule<{ emptyForm(): Text }>('work/form-text.ts')).emptyForm();
});

const form = (text: Text): Text => ({ ...empty, ...text });
const words = (...all: (readonly [string, string | boolean])[]): Words =>
  all.map(([field, value]) => ({ field, value }));

describe('what somebody wrote is displaced', () => {
  test.each([
    ['not while it stands', words(['title', '路灯']), { title: '路灯' }, []],
    ['by other words', words(['title', '路灯']), { title: '井盖' }, ['路灯']],
    ['by nothing', words(['title', '路灯']), {}, ['路灯']],
    ['not by content that goes on from it', words(['content', '灯坏了']), { content: '灯坏了，三天了' }, []],
    ['by content that has it elsewhere', words(['content', '灯']), { content: '路灯' }, ['灯']],
    ['by a place that goes on from it', words(['place', '中山路1']), { place: '中山路15' }, ['中山路1']],
    ['a tick by none', words(['confidential', true]), {}, [true]],
  ] as const)('%s', (_name, own, text, displaced) => {
    expect(module.displacedIn(form(text), own).map(({ value }) => value)).toEqual(displaced);
  });
});

describe('who writes', () => {
  test.each([
    ['has written what they see', [], {}, { title: '路' }, [['title', '路']]],
    ['has written the last of it alone', [['title', '路']], { title: '路' }, { title: '路灯' }, [['title', '路灯']]],
    [
      'keeps what had been displaced',
      [['title', '井']],
      { title: '路' },
      { title: '路灯' },
      [
        ['title', '井'],
        ['title', '路灯'],
      ],
    ],
    ['has taken away what they wiped', [['title', '路']], { title: '路' }, {}, []],
    [
      'leaves the other fields',
      [['place', '东']],
      { place: '东' },
      { place: '东', title: '路' },
      [
        ['place', '东'],
        ['title', '路'],
      ],
    ],
    ['what others wrote is not theirs', [], { title: '别人的' }, { title: '别人的', place: '东' }, [['place', '东']]],
  ] as const)('%s', (_name, own, before, after, left) => {
    expect(module.rewritten(words(...own), form(before), form(after))).toEqual(words(...left));
  });
});

describe('what is put back', () => {
  test('touches the fields alone in which something was displaced', () => {
    const { text } = module.takenBack(words(['content', '我的']), form({ content: '班长的', title: '班长的标题' }));
    expect(text).toEqual(form({ content: '我的', title: '班长的标题' }));
  });

  test('displaces what it replaces, so that twice is as before', () => {
    const own = words(['content', '我的'], ['content', '后来打的'], ['urgency', 'URGENT']);
    const before = form({ content: '班长的' });
    const once = module.takenBack(own, before);
    expect(once.text).toEqual(form({ content: '后来打的', urgency: 'URGENT' }));
    expect(module.displacedIn(once.text, once.own)).toEqual(
      words(['content', '我的'], ['content', '班长的'], ['urgency', 'NORMAL']),
    );
    const twice = module.takenBack(once.own, once.text);
    expect(twice.text).toEqual(before);
    expect(module.displacedIn(twice.text, twice.own)).toEqual(own);
  });

  test('is what the form takes: what is longer stays to be copied', () => {
    const own = words(['content', '短'], ['content', '长'.repeat(4_001)], ['title', '题'.repeat(81)]);
    const { text, own: left } = module.takenBack(own, form({ content: '班长的', title: '班长的标题' }));
    expect(text).toEqual(form({ content: '短', title: '班长的标题' }));
    expect(module.displacedIn(text, left).map(({ value }) => String(value).length)).toEqual([4_001, 81, 3]);
  });
});
