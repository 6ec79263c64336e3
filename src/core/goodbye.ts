import { promptFiles } from './announce.ts';
import { finish } from './closing.ts';
import type { ContactOutcome } from './command.ts';
import { ask, type Decision, setStage } from './decision.ts';
import { PROMPT_MS_MAX } from './limits.ts';
import type { Contact } from './state.ts';

/** F7: some last words, then the end. */
export function sayGoodbye(
  d: Decision,
  contact: Contact,
  prompts: readonly string[],
  because: string,
  outcome: ContactOutcome = 'ended',
): void {
  const files = promptFiles(d.state, contact, prompts);
  const leg = d.state.legs.get(contact.leg);
  if (files.length === 0 || leg === undefined) return finish(d, contact, outcome, because);
  const key = ask(d, leg, because, { do: 'play', files });
  setStage(d, contact, { in: 'goodbye', outcome, key, untilMs: d.state.nowMs + PROMPT_MS_MAX });
}
