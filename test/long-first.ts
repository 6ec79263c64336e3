import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Seconds that a file takes, beside another one on two cores, where it is more than twenty. A long file that begins last leaves a core idle. */
const SECONDS: Readonly<Record<string, number>> = {
  'test/e2e/browser-phone.test.ts': 115,
  'test/e2e/desk.test.ts': 110,
  'test/e2e/boards.test.ts': 90,
  'test/e2e/page-survives.test.ts': 90,
  'test/e2e/ringing.test.ts': 82,
  'test/e2e/page-lost.test.ts': 80,
  'test/e2e/web-chat.test.ts': 78,
  'test/e2e/bad-input.test.ts': 78,
  'test/cli/channel.test.ts': 71,
  'test/e2e/main-job.test.ts': 57,
  'test/e2e/full-disk.test.ts': 57,
  'test/e2e/channels.test.ts': 56,
  'test/e2e/desk-survives.test.ts': 55,
  'test/switch/contract/supervise.test.ts': 54,
  'test/e2e/supervision.test.ts': 50,
  'test/e2e/kill-core.test.ts': 50,
  'test/e2e/failures.test.ts': 48,
  'test/e2e/people.test.ts': 46,
  'test/e2e/page-away.test.ts': 45,
  'test/e2e/database-url.test.ts': 45,
  'test/e2e/web-call.test.ts': 44,
  'test/store/engine.test.ts': 42,
  'test/e2e/browser-seat.test.ts': 40,
  'test/softswitch/sip/fuzz.test.ts': 39,
  'test/e2e/call-out.test.ts': 38,
  'test/sim/rough.test.ts': 38,
  'test/softswitch/sip/real-peers.test.ts': 36,
  'test/channel/pulled-sources.test.ts': 35,
  'test/e2e/user-command.test.ts': 32,
  'test/e2e/call-back.test.ts': 30,
  'test/e2e/test-phone.test.ts': 28,
  'test/city/mistakes.test.ts': 28,
  'test/switch/contract/bridge.test.ts': 25,
  'test/e2e/conversations.test.ts': 25,
  'test/e2e/kill.test.ts': 25,
  'test/channel/letter-boxes.test.ts': 25,
  'test/softswitch/media/hearing.test.ts': 24,
  'test/switch/contract/survey.test.ts': 21,
  'test/softswitch/media/overhear.test.ts': 21,
  'test/e2e/chat-kill.test.ts': 21,
};

/** The longest files first; all others by their size, as a rule the larger ones first. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const bySize = await super.sort(files);
    return bySize.toSorted((one, other) => secondsOf(other) - secondsOf(one));
  }
}

function secondsOf({ moduleId }: TestSpecification): number {
  const name = moduleId.slice(moduleId.lastIndexOf('/test/') + 1);
  return SECONDS[name] ?? 0;
}
