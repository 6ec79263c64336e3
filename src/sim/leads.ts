import type { RecordFact } from '../core/command.ts';
import type { Event } from '../core/event.ts';
import type { ModeName } from '../core/settings.ts';
import type { SiteStatus, State } from '../core/state.ts';
import type { Clock } from './clock.ts';

export interface ModeChange {
  readonly atMs: number;
  readonly mode: ModeName;
}

export interface SiteChange {
  readonly atMs: number;
  readonly site: string;
  readonly status: 'open' | SiteStatus;
}

/** What leads set in the course of a day. What the rules do not know is passed over by the core. */
export interface SetByLeads {
  /** When which mode of operation is brought into force; absent: the normal one all day. */
  readonly modes?: readonly ModeChange[];
  /** When which site opens, takes no more or is gone; absent: all are open all day. */
  readonly sites?: readonly SiteChange[];
}

const WHO = { by: 'simulate' } as const;

/** At its time the core hears each of them. */
export function askAsLeads({ modes = [], sites = [] }: SetByLeads, clock: Clock, tell: (event: Event) => void): void {
  for (const { atMs, mode } of modes) {
    clock.at(atMs, () => tell({ type: 'modeAsked', mode, ...WHO, reason: 'day', atMs: clock.nowMs }));
  }
  for (const { atMs, site, status } of sites) {
    clock.at(atMs, () => tell({ type: 'siteAsked', site, status, ...WHO, atMs: clock.nowMs }));
  }
}

/** Reads from the record facts of a journal what leads set, and what they had set when it begins. */
export class LeadsHeard {
  readonly #modes: ModeChange[] = [];
  readonly #sites: (SiteChange & { readonly seq: number })[] = [];
  #modeBefore: ModeName | undefined;

  take(seq: number, atMs: number, fact: RecordFact): void {
    if (fact.fact === 'modeChanged') {
      this.#modeBefore ??= fact.from;
      this.#modes.push({ atMs, mode: fact.mode });
    } else if (fact.fact === 'siteStatus') this.#sites.push({ seq, atMs, site: fact.site, status: fact.status });
  }

  /** @param kept the oldest state that is kept of a journal whose first entries are gone; it may be of a later entry than the first left. */
  heard(beginMs: number, kept: Pick<State, 'seq' | 'mode' | 'sites'> | undefined): Required<SetByLeads> {
    const mode = this.#modeBefore ?? kept?.mode.name ?? 'normal';
    const sites = [...this.#sitesBefore(kept)].map(([site, status]) => ({ atMs: beginMs, site, status }));
    return {
      modes: [...(mode === 'normal' ? [] : [{ atMs: beginMs, mode }]), ...this.#modes],
      sites: [...sites, ...this.#sites.map(({ atMs, site, status }) => ({ atMs, site, status }))],
    };
  }

  #sitesBefore(kept: Pick<State, 'seq' | 'sites'> | undefined): Map<string, SiteStatus> {
    const before = new Map(kept?.sites);
    const first = new Set<string>();
    for (const { seq, site, status } of this.#sites) {
      if (first.has(site)) continue;
      first.add(site);
      if (kept === undefined || seq > kept.seq) continue;
      // What opens was draining or down: either way it took no calls.
      if (status === 'open') before.set(site, 'draining');
      else before.delete(site);
    }
    return before;
  }
}
