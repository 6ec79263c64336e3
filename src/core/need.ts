import type { Need, PlanStep } from './settings.ts';

type Skills = Readonly<Record<string, number>>;

/** Q13. */
export function meets(need: Need, skills: Skills): boolean {
  if ('skill' in need) return levelOf(skills, need.skill) >= need.level;
  if ('all' in need) return need.all.every((part) => meets(part, skills));
  if ('any' in need) return need.any.some((part) => meets(part, skills));
  return !meets(need.not, skills);
}

/** Q3: Σ weight × level over what the step prefers. */
export function scoreOf(step: PlanStep, skills: Skills): number {
  let score = 0;
  for (const { skill, weight } of step.prefer ?? []) score += weight * levelOf(skills, skill);
  return score;
}

function levelOf(skills: Skills, skill: string): number {
  return Object.hasOwn(skills, skill) ? skills[skill]! : 0;
}
