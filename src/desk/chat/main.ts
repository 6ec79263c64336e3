import { CHAT_FILE_TYPES, CHAT_PATH, CHAT_TEXT_CHARS_MAX } from '../../api/chat/messages.ts';
import { chatEn } from '../language/chat-en.ts';
import { type ChatWords, chatZh } from '../language/chat-zh.ts';
import { ChatClient, type ChatView } from './chat-client.ts';
import { Lines } from './lines.ts';
import {
  beginSession,
  ChatFault,
  type Fault,
  fetchFile,
  forgetSession,
  keepPending,
  keptPending,
  keptSession,
  sendFile,
} from './session.ts';

/** The page `/chat/`: a conversation with the hotline. Without a framework, so that it is there at once on any phone. */
const LANGUAGE = 'minhu.chat.language';
const TYPING_EVERY_MS = 3_000;
const TYPING_OVER_MS = 4_000;

const at = <Element extends HTMLElement = HTMLElement>(id: string): Element => document.getElementById(id) as Element;
const input = at<HTMLTextAreaElement>('input');
const picker = at<HTMLInputElement>('file');

let english = localStorage.getItem(LANGUAGE) === 'en';
let words: ChatWords = chatZh;
let fault: Fault | undefined;
let uploading = 0;
/** The hotline takes calls from pages. */
let mayCall = false;

const entry = (): 'personal' | 'enterprise' =>
  document.querySelector<HTMLInputElement>('input[name=entry]:checked')?.value === 'enterprise'
    ? 'enterprise'
    : 'personal';

let beginning: Promise<string> | undefined;

/** Of the one conversation, whoever asks first. */
async function token(): Promise<string> {
  const kept = keptSession();
  if (kept !== undefined) return kept.token;
  beginning ??= begin().finally(() => {
    beginning = undefined;
  });
  return await beginning;
}

async function begin(): Promise<string> {
  try {
    const begun = await beginSession(entry());
    fault = undefined;
    return begun.token;
  } catch (error) {
    if (error instanceof ChatFault) fault = error.fault;
    throw error;
  }
}

const client = new ChatClient({
  url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${CHAT_PATH}`,
  token,
  forget: forgetSession,
  pending: keptPending(),
  onChange: (view) => {
    keepPending(view.pending);
    show(view);
  },
});

const lines = new Lines({
  log: at('log'),
  words: () => words,
  save: (file) => void withFault(async () => download(await fetchFile(await token(), file), file.name)),
  preview: async (file) => dataUrl(await fetchFile(await token(), file), file.type),
});

function download(content: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function dataUrl(content: Blob, type: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(new Blob([content], { type }));
  });
}

async function withFault(work: () => Promise<void>): Promise<void> {
  try {
    await work();
    fault = undefined;
  } catch (error) {
    fault = error instanceof ChatFault ? error.fault : 'fileAway';
  }
  show(client.view);
}

function statusOf({ connection, state, pending, lines: said }: ChatView): string {
  if (fault !== undefined) return words.fault[fault];
  // Nothing is begun: nothing is being connected to.
  if (connection === 'connecting' && pending.length === 0 && keptSession() === undefined) return words.state.none;
  if (connection !== 'open') return words.connection[connection];
  if (state.is === 'waiting')
    return words.state.waiting.replace('{n}', String(Math.max(0, (state.queue_pos ?? 1) - 1)));
  if (state.is !== 'talking') return said.some(({ from }) => from === 'agent') ? words.state.over : words.state.none;
  return state.agent === undefined ? words.state.talkingNobody : words.state.talking.replace('{agent}', state.agent);
}

function show(view: ChatView): void {
  lines.show(view);
  document.body.dataset['connection'] = view.connection;
  const status = statusOf(view);
  if (at('status').textContent !== status) at('status').textContent = status;
  at('typing').textContent = uploading > 0 ? words.uploading : view.agentTypes ? words.agentTypes : '';
  at('entry').hidden = view.lines.length + view.pending.length > 0;
  at('leave').hidden = view.state.is === 'none';
  at('call').hidden = !mayCall || view.state.is === 'none';
  at('take-over').hidden = view.connection !== 'replaced';
}

function say(): void {
  words = english ? chatEn : chatZh;
  document.documentElement.lang = english ? 'en' : 'zh-CN';
  document.title = `${words.title} 12345`;
  for (const element of document.querySelectorAll<HTMLElement>('[data-text]')) {
    const name = element.dataset['text'] as keyof ChatWords;
    element.textContent = String(words[name]);
  }
  for (const element of document.querySelectorAll<HTMLElement>('[data-label]')) {
    element.setAttribute('aria-label', String(words[element.dataset['label'] as keyof ChatWords]));
  }
  at('language').lang = words.otherLang;
  input.placeholder = words.input;
  lines.show(client.view, true);
  show(client.view);
}

function send(): void {
  const body = input.value.trim();
  if (body === '') return;
  fault = [...body].length > CHAT_TEXT_CHARS_MAX ? 'textLong' : undefined;
  if (fault !== undefined) return show(client.view);
  client.write(body);
  input.value = '';
  typed(false);
  input.focus();
}

let typingTimer: ReturnType<typeof setTimeout> | undefined;
let typedAtMs = 0;

function typed(on: boolean): void {
  clearTimeout(typingTimer);
  if (!on) {
    if (typedAtMs > 0) client.typing(false);
    typedAtMs = 0;
    return;
  }
  if (Date.now() - typedAtMs > TYPING_EVERY_MS) {
    typedAtMs = Date.now();
    client.typing(true);
  }
  typingTimer = setTimeout(() => typed(false), TYPING_OVER_MS);
}

async function attach(files: readonly File[]): Promise<void> {
  uploading += 1;
  show(client.view);
  await withFault(async () => {
    const ids: string[] = [];
    for (const file of files) ids.push(await sendFile(await token(), file));
    client.write('', ids);
  }).finally(() => {
    uploading -= 1;
  });
  show(client.view);
}

at('form').addEventListener('submit', (event) => {
  event.preventDefault();
  send();
});
input.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send();
});
input.addEventListener('input', () => typed(input.value !== ''));
picker.accept = CHAT_FILE_TYPES.join(',');
picker.addEventListener('change', () => {
  const files = [...(picker.files ?? [])].slice(0, 9);
  picker.value = '';
  if (files.length > 0) void attach(files);
});
at('attach').addEventListener('click', () => picker.click());
at('leave').addEventListener('click', () => client.leave());
at('take-over').addEventListener('click', () => void client.connect());
at('language').addEventListener('click', () => {
  english = !english;
  localStorage.setItem(LANGUAGE, english ? 'en' : 'zh');
  say();
});
fetch('/call/', { method: 'HEAD' }).then(
  ({ ok }) => {
    mayCall = ok;
    show(client.view);
  },
  () => undefined,
);
const look = (): void => client.look(document.visibilityState === 'visible');
document.addEventListener('visibilitychange', look);
window.addEventListener('online', () => {
  if (client.view.connection !== 'ended') void client.connect();
});
look();
say();
// A conversation that is there goes on at once; a new one begins with the first message.
if (keptSession() !== undefined || client.view.pending.length > 0) void client.connect();
