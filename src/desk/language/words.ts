import { computed, ref, watchEffect } from 'vue';
import { en } from './en.ts';
import { type Words, zh } from './zh.ts';

export type Language = 'zh' | 'en';

const KEY = 'minhu.language';
export const language = ref<Language>(localStorage.getItem(KEY) === 'en' ? 'en' : 'zh');

/** Every text of the page, in the language chosen. */
export const words = computed<Words>(() => (language.value === 'en' ? en : zh));

watchEffect(() => {
  document.documentElement.lang = language.value === 'en' ? 'en' : 'zh-CN';
  document.title = `${words.value.name} 12345`;
  localStorage.setItem(KEY, language.value);
});

export function toggleLanguage(): void {
  language.value = language.value === 'en' ? 'zh' : 'en';
}

/** What the switch says of who calls from the page `/call/`. */
const WEB = 'web';
/** Of the web chat's citizens, as `maskKey` names them. */
const VISITOR = 'visitor-';
/** What carriers write instead of a number that is withheld: `anonymous` (RFC 3323), `unavailable`, `restricted`. No number is a word alone. */
const WITHHELD = /^[a-z ]*$/i;

/** Who calls, masked; a caller without a number says so. */
export function callerWord(from: string | null | undefined): string {
  const { withheld, web, webVisitor } = words.value.call;
  if (from === WEB) return web;
  if (from?.startsWith(VISITOR)) return `${webVisitor} ${from.slice(VISITOR.length)}`;
  return from && !WITHHELD.test(from) ? from : withheld;
}

/** A word of a list that the server may know more of than we do. */
export function wordOf(list: Readonly<Record<string, string>>, name: string | null | undefined): string {
  return name === null || name === undefined || name === '' ? '—' : (list[name] ?? name);
}

export function queueWord(queue: string | null | undefined): string {
  return wordOf(words.value.queueNames, queue);
}

/** A skill that a city added itself has no other word than its own. */
export function skillWord(skill: string): string {
  return wordOf(words.value.skillNames, skill);
}

/** As the language files have them, those of the queues first; a city's own behind. */
export function skillsInOrder(skills: Iterable<string>): readonly string[] {
  const known = Object.keys(words.value.skillNames);
  const placeOf = (skill: string): number => (known.includes(skill) ? known.indexOf(skill) : known.length);
  return [...new Set(skills)].sort((a, b) => placeOf(a) - placeOf(b));
}

/** Reasons are kept in Chinese, whoever chose them in which language; those that the core gives (rules O6, T8, T10) as its words. */
export function reasonWord(reason: string): string {
  const { byItself } = words.value.state;
  if (Object.hasOwn(byItself, reason)) return byItself[reason as keyof typeof byItself];
  const at = zh.state.reasons.indexOf(reason);
  return at < 0 ? reason : words.value.state.reasons[at]!;
}
