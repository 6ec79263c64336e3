import type { Channel, Inbound, Rehearsal } from '../../channel/channel.ts';
import { cleanInbound } from '../../channel/clean-inbound.ts';
import { type Behaviour, openFaultyPlatform } from './faulty-platform.ts';
import { type Finding, finding, must } from './finding.ts';

const PAGES_MAX = 20;

export async function* rehearsePulls(channel: Channel, rehearsal: Rehearsal): AsyncIterable<Finding> {
  const platform = await openFaultyPlatform(rehearsal);
  const pull = (cursor: string | undefined, behaviour: Behaviour) => channel.pull!(cursor, platform.context(behaviour));
  try {
    yield await finding('从头读取，内容符合约定', 'from the beginning, what it reads fits the contract', async () => {
      let cursor: string | undefined;
      let count = 0;
      for (let page = 1; page <= PAGES_MAX; page += 1) {
        const { inbound, more, cursor: next } = await pull(cursor, () => 'well');
        inbound.map(cleanInbound);
        count += inbound.length;
        must(typeof next === 'string', 'a page has no cursor');
        cursor = next;
        if (more !== true) return `${count} in ${page} pages`;
      }
      return `${count} in ${PAGES_MAX} pages, and more`;
    });
    yield await finding('同一位置读两次，编号相同', 'the same page twice has the same names', async () => {
      const [one, other] = [await pull(undefined, () => 'well'), await pull(undefined, () => 'well')];
      must(namesOf(one.inbound) === namesOf(other.inbound), 'the names differ');
    });
    for (const how of ['tears', 'cuts', { status: 503 }] as const)
      yield await finding(
        `出错时不移动位置（${wordOf(how)}）`,
        `a failure moves nothing (${wordOf(how)})`,
        async () => {
          const failed = await pull(undefined, () => how).then(
            () => false,
            () => true,
          );
          must(failed, 'it gave a page all the same');
        },
      );
  } finally {
    await platform.close();
  }
}

function wordOf(how: 'tears' | 'cuts' | { readonly status: number }): string {
  return typeof how === 'string' ? how : String(how.status);
}

function namesOf(inbound: readonly Inbound[]): string {
  return inbound.map((told) => (told.kind === 'receipt' ? told.of : told.remoteId)).join('\n');
}
