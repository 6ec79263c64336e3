import { promptFiles } from './announce.ts';
import { finish } from './closing.ts';
import { ask, type Decision, note, setStage } from './decision.ts';
import { sayGoodbye } from './goodbye.ts';
import type { AgentId, CommandKey } from './ids.ts';
import { PROMPT_MS_MAX, RATING_WRONG_MAX } from './limits.ts';
import { queueOf } from './queue-of.ts';
import type { RatingSetting } from './settings.ts';
import type { Contact, Stage } from './state.ts';

type Rating = Extract<Stage, { in: 'rating' }>;

/** T7: the agent has hung up. The caller is asked, or let go where nobody asks. */
export function askRating(d: Decision, contact: Contact, queue: string, of: AgentId): void {
  const asked = contact.calledBy === undefined ? queueOf(d.state, queue)?.rating : undefined; // Y5
  const prompts = asked === undefined ? [] : promptFiles(d.state, contact, asked.prompts);
  if (asked === undefined || prompts.length === 0) return finish(d, contact, 'answered', 'T2');
  putQuestion(d, contact, of, asked, 0, 'T7');
}

/** T7: empty when no key came. */
export function ratingTaken(d: Decision, contact: Contact, stage: Rating, key: CommandKey, digits: string): void {
  if (stage.key !== key) return;
  const digit = digits.slice(0, 1);
  if (/^[1-5]$/.test(digit)) {
    note(d, 'T7', {
      do: 'record-fact',
      fact: 'rated',
      contact: contact.id,
      agent: stage.of,
      score: Number(digit),
    });
    return sayGoodbye(d, contact, stage.asked.thanks, 'T7', 'answered');
  }
  if (digit === '' || stage.wrong >= RATING_WRONG_MAX) return finish(d, contact, 'answered', 'T7');
  putQuestion(d, contact, stage.of, stage.asked, stage.wrong + 1, 'T7');
}

/** S3: the question is gone, put again. */
export function ratingAgain(d: Decision, contact: Contact, stage: Rating): void {
  putQuestion(d, contact, stage.of, stage.asked, stage.wrong, 'S3');
}

function putQuestion(
  d: Decision,
  contact: Contact,
  of: AgentId,
  asked: RatingSetting,
  wrong: number,
  because: string,
): void {
  const leg = d.state.legs.get(contact.leg);
  if (leg === undefined) return finish(d, contact, 'answered', because);
  const files = promptFiles(d.state, contact, asked.prompts);
  const key = ask(d, leg, because, { do: 'collect', files, waitMs: asked.waitMs });
  const untilMs = d.state.nowMs + PROMPT_MS_MAX + asked.waitMs;
  setStage(d, contact, { in: 'rating', of, asked, wrong, key, untilMs });
}
