import type { ContactCard } from '../../core/desk-view.ts';
import type { AgentId } from '../../core/ids.ts';
import type { Alert } from '../../core/state.ts';
import type { LiveCore } from './live-core.ts';
import type { AlertItem, SupervisionItem } from './messages.ts';
import type { Stream } from './stream.ts';

/** Alerts and supervisions, on the boards of those who lead the agents that they are about. */
export class BoardItems {
  readonly #core: LiveCore;
  readonly #isOn: (team: string, agent: AgentId) => boolean;

  constructor(core: LiveCore, isOn: (team: string, agent: AgentId) => boolean) {
    this.#core = core;
    this.#isOn = isOn;
  }

  /** All of both, as they are now. */
  showAll(team: string, board: Stream): void {
    this.showAlerts(team, board);
    for (const key of board.keys('supervision/')) board.drop(key);
    for (const id of this.#core.contacts()) this.showSupervision(team, board, id, this.#core.contact(id));
  }

  showAlerts(team: string, board: Stream): void {
    const all = [...this.#core.alerts()];
    const shown = new Map(all.filter(([, { agent }]) => agent === undefined || this.#isOn(team, agent)));
    for (const key of board.keys('alert/')) if (!shown.has(key.slice('alert/'.length))) board.drop(key);
    for (const [key, alert] of shown) board.put(alertItem(key, alert));
  }

  showSupervision(team: string, board: Stream, id: string, card: ContactCard | undefined): void {
    const item = card && supervisionItem(card);
    if (item === undefined || !this.#isOn(team, item.agent as AgentId)) board.drop(`supervision/${id}`);
    else board.put(item);
  }
}

function alertItem(key: string, { alert, contact, agent, sinceMs, seenBy, seenAtMs }: Alert): AlertItem {
  return {
    key: `alert/${key}`,
    kind: 'alert',
    alert,
    ...(contact === undefined ? {} : { contact }),
    ...(agent === undefined ? {} : { agent }),
    sinceMs,
    ...(seenBy === undefined || seenAtMs === undefined ? {} : { seenBy, seenAtMs }),
  };
}

function supervisionItem({ contact, agent, supervision }: ContactCard): SupervisionItem | undefined {
  if (supervision === undefined || agent === undefined) return undefined;
  const { by, mode, reason, step, wanted, untilMs } = supervision;
  const more = { ...(wanted === undefined ? {} : { wanted }), ...(untilMs === undefined ? {} : { untilMs }) };
  return { key: `supervision/${contact}`, kind: 'supervision', contact, agent, by, mode, reason, step, ...more };
}
