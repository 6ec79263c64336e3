import type { DeskView } from '../../core/desk-view.ts';
import type { SiteView } from '../../core/view.ts';
import { HOME_SITE } from '../../lib/home-site.ts';
import type { LiveCore } from './live-core.ts';
import type { AgentStateName, DayFigures } from './messages.ts';
import type { Stream } from './stream.ts';
import type { WaitingList } from './waiting-list.ts';

type ByState = Record<AgentStateName, number>;

/** Queues, sites, mode and figures: counted on with each change, never counted again. */
export class FloorItems {
  readonly #core: LiveCore;
  readonly #floor: Stream;
  readonly #waiting: WaitingList;
  readonly #agentsAt = new Map<string, ByState>();
  readonly #queuesChanged = new Set<string>();
  readonly #sitesChanged = new Set<string>();
  /** Of the rules. */
  #queues: ReadonlySet<string> = new Set();
  #sites: ReadonlyMap<string, SiteView> = new Map();
  #day: DayFigures | undefined;

  constructor(core: LiveCore, floor: Stream, waiting: WaitingList) {
    this.#core = core;
    this.#floor = floor;
    this.#waiting = waiting;
  }

  queueChanged(queue: string): void {
    this.#queuesChanged.add(queue);
  }

  agentChanged(before: DeskView | undefined, after: DeskView | undefined): void {
    if (
      before?.site === after?.site &&
      before?.state === after?.state &&
      (before === undefined) === (after === undefined)
    )
      return;
    if (before !== undefined) this.#count(before, -1);
    if (after !== undefined) this.#count(after, 1);
  }

  sitesChanged(): void {
    this.#sites = new Map(this.#core.sites().map((view) => [view.site, view]));
    for (const site of this.#sites.keys()) this.#sitesChanged.add(site);
  }

  modeChanged(): void {
    this.#floor.put({ key: 'mode', kind: 'mode', ...this.#core.mode() });
  }

  setDay(day: DayFigures | undefined): void {
    this.#day = day;
    this.#showFigures();
  }

  refreshAll(): void {
    this.#queues = new Set(this.#core.queues());
    for (const key of this.#floor.keys('queue/')) this.#queuesChanged.add(key.slice('queue/'.length));
    for (const queue of this.#queues) this.#queuesChanged.add(queue);
    this.sitesChanged();
    for (const key of this.#floor.keys('site/')) this.#sitesChanged.add(key.slice('site/'.length));
    this.modeChanged();
    this.refresh();
    this.#showFigures();
  }

  /** Puts what has changed onto the floor. */
  refresh(): void {
    for (const site of this.#sitesChanged) this.#showSite(site);
    this.#sitesChanged.clear();
    if (this.#queuesChanged.size === 0) return;
    for (const queue of this.#queuesChanged) this.#showQueue(queue);
    this.#queuesChanged.clear();
    this.#showFigures();
  }

  #count({ site = HOME_SITE, state }: DeskView, by: number): void {
    let counts = this.#agentsAt.get(site);
    if (counts === undefined) {
      counts = nobody();
      this.#agentsAt.set(site, counts);
    }
    counts[state] += by;
    this.#sitesChanged.add(site);
  }

  #showSite(site: string): void {
    const view = this.#sites.get(site);
    const agents = this.#agentsAt.get(site) ?? nobody();
    if (view === undefined && Object.values(agents).every((count) => count === 0)) {
      this.#agentsAt.delete(site);
      return this.#floor.drop(`site/${site}`);
    }
    this.#floor.put({
      key: `site/${site}`,
      kind: 'site',
      site,
      name: view?.name ?? site,
      status: view?.status ?? 'open',
      ...(view?.capacity === undefined ? {} : { capacity: view.capacity }),
      agents,
    });
  }

  #showQueue(queue: string): void {
    const waiting = this.#waiting.waitingIn(queue);
    const gone = !this.#queues.has(queue);
    if (gone && waiting === 0) return this.#floor.drop(`queue/${queue}`);
    const longestSinceMs = this.#waiting.longestSinceMs(queue);
    const estimate = this.#core.estimate(queue, waiting);
    this.#floor.put({
      key: `queue/${queue}`,
      kind: 'queue',
      queue,
      ...(gone ? { gone } : {}),
      waiting,
      ...(longestSinceMs === undefined ? {} : { longestSinceMs }),
      ...(estimate === undefined ? {} : { estimate }),
    });
  }

  #showFigures(): void {
    const longest = [...this.#waiting.queues()].flatMap((queue) => this.#waiting.longestSinceMs(queue) ?? []);
    this.#floor.put({
      key: 'figures',
      kind: 'figures',
      waiting: this.#waiting.size,
      ...(longest.length === 0 ? {} : { longestSinceMs: Math.min(...longest) }),
      ...(this.#day === undefined ? {} : { day: this.#day }),
    });
  }
}

function nobody(): ByState {
  return { offline: 0, notReady: 0, ready: 0, ringing: 0, talking: 0, held: 0, wrapUp: 0 };
}
