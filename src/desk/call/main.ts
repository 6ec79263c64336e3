import { keptSession } from '../chat/session.ts';
import { callEn } from '../language/call-en.ts';
import { type CallWords, callZh } from '../language/call-zh.ts';
import { linesOf } from './lines.ts';
import { call, hangUp, onChange, press, telephone, toggleMute } from './telephone.ts';

/** The page `/call/`: one button. Without a framework, so that it is there at once on any phone; JsSIP comes when somebody calls. */
const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];
const LANGUAGE = 'minhu.call.language';
const HOTLINE = '12345';

const asked = new URLSearchParams(location.search).get('line') ?? '';
/** Beside the conversation at `/chat/` of this browser: one matter, one number. */
const beside = new URLSearchParams(location.search).has('chat') ? keptSession()?.token : undefined;
/** The line of the link, once the server has said that it is one; undefined: the main one. */
let line: string | undefined;
let main = HOTLINE;
/** A link may carry any digits: until the server has said whose they are no number is named, and none is called. */
let known = asked === '';
let looking = false;
let english = localStorage.getItem(LANGUAGE) === 'en';
let words: CallWords = callZh;

const at = (id: string): HTMLElement => document.getElementById(id)!;

function textAt(way: string): string {
  const found = way.split('.').reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], words);
  return String(found);
}

function say(): void {
  words = english ? callEn : callZh;
  document.documentElement.lang = english ? 'en' : 'zh-CN';
  const title = known ? words.title + numberSaid() : words.call;
  document.title = title;
  at('title').textContent = title;
  at('language').textContent = words.other;
  at('keypad').setAttribute('aria-label', words.keypad);
  for (const element of document.querySelectorAll<HTMLElement>('[data-text]')) {
    element.textContent = textAt(element.dataset['text']!);
  }
  for (const key of at('keypad').children) {
    const name = { '*': words.star, '#': words.pound }[key.textContent ?? ''];
    if (name !== undefined) key.setAttribute('aria-label', name);
  }
  show();
}

function numberSaid(): string {
  if (!known) return '';
  return english ? ` ${line ?? main}` : (line ?? main);
}

function show(): void {
  const { state, problem, muted, keys, retryAfterS } = telephone;
  const idle = state === 'idle' || state === 'ended';
  const talking = state === 'talking';
  const section = at('telephone');
  section.dataset['state'] = state;
  if (problem === undefined) delete section.dataset['problem'];
  else section.dataset['problem'] = problem;
  const minutes = String(Math.max(1, Math.ceil(retryAfterS / 60)));
  const said = problem === undefined ? words.state[talking && muted ? 'muted' : state] : words.problem[problem];
  at('status').textContent = said.replace('{minutes}', minutes);
  at('call').textContent = state === 'ended' ? words.again : words.call + numberSaid();
  at('call').hidden = !idle;
  at('call').setAttribute('aria-disabled', String(looking));
  at('during').hidden = idle;
  at('mute').hidden = !talking;
  at('mute').textContent = muted ? words.unmute : words.mute;
  at('mute').setAttribute('aria-pressed', String(muted));
  for (const id of ['keypad', 'clock', 'keys']) at(id).hidden = !talking;
  at('keys').textContent = keys;
  tick();
}

function tick(): void {
  if (telephone.state !== 'talking') return;
  const seconds = Math.max(0, Math.floor((Date.now() - telephone.sinceMs) / 1_000));
  const two = (n: number): string => String(n).padStart(2, '0');
  at('clock').textContent = `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`;
}

async function lookUpLine(): Promise<void> {
  looking = true;
  show();
  const lines = await linesOf();
  looking = false;
  if (typeof lines === 'string') telephone.problem = lines;
  else {
    known = true;
    main = lines[0] ?? HOTLINE;
    line = lines.includes(asked) ? asked : undefined;
    telephone.problem = line === undefined ? 'noLine' : undefined;
  }
  say();
}

/** Whose line nobody could say yet is looked up again first; where it is none, another click calls the main one. */
async function begin(): Promise<void> {
  if (looking) return;
  if (!known) {
    await lookUpLine();
    if (telephone.problem !== undefined) return;
  }
  await call(line, beside);
}

/** Whoever works by keyboard is not left on a button that has gone. */
function showAndFocus(): void {
  const before = document.activeElement;
  show();
  if (before instanceof HTMLElement && before.closest('[hidden]') !== null) {
    at(telephone.state === 'idle' || telephone.state === 'ended' ? 'call' : 'hang-up').focus();
  }
}

for (const key of KEYS) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = key;
  button.addEventListener('click', () => press(key));
  at('keypad').append(button);
}
at('call').addEventListener('click', () => void begin());
at('hang-up').addEventListener('click', hangUp);
at('mute').addEventListener('click', toggleMute);
at('language').addEventListener('click', () => {
  english = !english;
  localStorage.setItem(LANGUAGE, english ? 'en' : 'zh');
  say();
});
document.addEventListener('keydown', ({ key, ctrlKey, metaKey, altKey }) => {
  if (!ctrlKey && !metaKey && !altKey) press(key);
});
// Who closes the page means to hang up.
window.addEventListener('pagehide', hangUp);
setInterval(tick, 1_000);
onChange(showAndFocus);
say();
if (!known) void lookUpLine();
