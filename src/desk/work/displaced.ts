import { emptyForm, type FormText } from './form-text.ts';

const PREFIX = 'minhu.displaced.';
const WRITTEN = ['title', 'place', 'occurred', 'content'] as const;

/** Words of several times that had to give way, none of them lost: what was chosen last counts. */
export function joined(before: FormText | undefined, later: FormText): FormText {
  const both = { ...later };
  if (before === undefined) return both;
  for (const name of WRITTEN) {
    const [old, now] = [before[name], later[name]];
    both[name] = now.includes(old) ? now : old.includes(now) ? old : `${old}\n${now}`;
  }
  return both;
}

/** Outlives the page, until its writer has seen to it. */
export function keepDisplaced(user: string, contact: string, text: FormText | undefined): void {
  const name = `${PREFIX}${user}.${contact}`;
  try {
    if (text === undefined) localStorage.removeItem(name);
    else localStorage.setItem(name, JSON.stringify(text));
  } catch {
    return;
  }
}

export function keptDisplaced(user: string, contact: string): FormText | undefined {
  try {
    const kept = localStorage.getItem(`${PREFIX}${user}.${contact}`);
    return kept === null ? undefined : { ...emptyForm(), ...(JSON.parse(kept) as FormText) };
  } catch {
    return undefined;
  }
}
