import type { ChatFileSaid, ChatLineSaid } from '../../api/chat/messages.ts';
import type { ChatWords } from '../language/chat-zh.ts';
import type { ChatView, Pending } from './chat-client.ts';

export interface LinesOptions {
  readonly log: HTMLElement;
  words(): ChatWords;
  /** Gives the file to the citizen, to keep. */
  save(file: ChatFileSaid): void;
  /** The picture as a `data:` address. */
  preview(file: ChatFileSaid): Promise<string>;
}

const PREVIEW_BYTES_MAX = 5 * 1024 * 1024;
const PREVIEWED = new Set(['image/jpeg', 'image/png', 'image/webp']);
const NEAR_END_PX = 80;

/** The lines on the page: each is put there once, new ones at the end, unsent ones behind them. */
export class Lines {
  readonly #options: LinesOptions;
  readonly #unsent = element('div', 'unsent');
  #shown = 0;

  constructor(options: LinesOptions) {
    this.#options = options;
    options.log.append(this.#unsent);
  }

  /** `again`: all of them, in another language. */
  show(view: ChatView, again = false): void {
    const { log } = this.#options;
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END_PX;
    if (again || view.lines.length < this.#shown) {
      for (const old of log.querySelectorAll('[data-seq]')) old.remove();
      this.#shown = 0;
    }
    this.#unsent.before(...view.lines.slice(this.#shown).map((said) => this.#line(said)));
    this.#shown = view.lines.length;
    this.#unsent.replaceChildren(...view.pending.map((one) => this.#pendingLine(one)));
    this.#mark(view);
    if (atEnd) log.scrollTop = log.scrollHeight;
  }

  #line(said: ChatLineSaid): HTMLElement {
    const line = this.#item(said.from, said.body, said.at);
    line.dataset['seq'] = said.seq;
    const text = line.querySelector('p');
    for (const file of said.files ?? []) text?.after(this.#fileButton(file));
    return line;
  }

  #pendingLine({ body, atMs, refused, files }: Pending): HTMLElement {
    const words = this.#options.words();
    const line = this.#item('citizen', body === '' ? `📎 ${files.length}` : body, atMs);
    line.classList.add(refused === undefined ? 'sending' : 'refused');
    line.querySelector('.mark')!.textContent = refused === undefined ? words.sending : words.refused[refused];
    return line;
  }

  #item(from: ChatLineSaid['from'], body: string, atMs: number): HTMLElement {
    const words = this.#options.words();
    const line = element('article', `line ${from}`);
    const text = element('p', '', body);
    text.hidden = body === '';
    const time = document.createElement('time');
    time.dateTime = new Date(atMs).toISOString();
    const { lang } = document.documentElement;
    time.textContent = new Date(atMs).toLocaleTimeString(lang, { hour: '2-digit', minute: '2-digit' });
    const about = element('span', 'about');
    about.append(time, ' ', element('span', 'mark'));
    const who = { citizen: words.you, agent: words.agent, system: words.system }[from];
    line.append(element('span', 'who', who), text, about);
    return line;
  }

  #fileButton(file: ChatFileSaid): HTMLElement {
    const { save, preview, words } = this.#options;
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'file';
    button.textContent = `${file.name} (${Math.max(1, Math.round(file.bytes / 1024))} kB)`;
    button.title = words().save;
    button.addEventListener('click', () => save(file));
    if (!PREVIEWED.has(file.type) || file.bytes > PREVIEW_BYTES_MAX) return button;
    preview(file).then(
      (url) => {
        const image = document.createElement('img');
        image.src = url;
        image.alt = file.name;
        button.prepend(image);
      },
      () => undefined,
    );
    return button;
  }

  /** The citizen's last line says how far it has come; the others before it came as far. */
  #mark({ lines, delivered, read }: ChatView): void {
    const { log } = this.#options;
    const words = this.#options.words();
    for (const old of log.querySelectorAll('.line.citizen[data-seq] .mark')) old.textContent = '';
    const last = Number(lines.findLast(({ from }) => from === 'citizen')?.seq ?? 0);
    if (last === 0) return;
    const said = last <= read ? words.read : last <= delivered ? words.delivered : words.sent;
    const mark = log.querySelector(`[data-seq="${last}"] .mark`);
    if (mark !== null) mark.textContent = said;
  }
}

function element(name: 'article' | 'div' | 'p' | 'span', className: string, text = ''): HTMLElement {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}
