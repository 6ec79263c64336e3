import { leaveDesk } from './conversation.ts';
import { type Decision, note, siteOpened, touchContact } from './decision.ts';
import type { SiteAsked } from './event.ts';
import type { AgentId } from './ids.ts';
import { NAME_CHARS_MAX } from './limits.ts';
import { cancelOffer } from './offer.ts';
import type { Settings } from './settings.ts';

/** Q14. */
export function siteAsked(d: Decision, { site, status, by }: SiteAsked): void {
  if (!d.state.settings?.sites?.some(({ id }) => id === site)) return;
  if ((d.state.sites.get(site) ?? 'open') === status) return;
  if (status === 'open') d.state.sites.delete(site);
  else d.state.sites.set(site, status);
  note(d, 'Q14', { do: 'record-fact', fact: 'siteStatus', site, status, by: by.slice(0, NAME_CHARS_MAX) });
  leaveDownSites(d);
  if (status === 'open') siteOpened(d, site);
  else for (const contact of d.state.contacts.values()) if (contact.stage.in === 'queue') touchContact(d, contact);
}

/** Q14: one that is gone from the rules has no status either: nobody could give it another, and whoever still sits there works. */
export function forgetSites(d: Decision, { sites = [] }: Settings): void {
  const known = new Set(sites.map(({ id }) => id));
  for (const site of [...d.state.sites.keys()]) {
    if (known.has(site)) continue;
    d.state.sites.delete(site);
    note(d, 'Q14', { do: 'record-fact', fact: 'siteStatus', site, status: 'open', by: '' });
  }
}

/** Q14, W11: nobody can answer there any more, whether the site went down or the agent came to it afterwards. */
export function leaveDownSites(d: Decision): void {
  const { contacts, agents, standing, sites } = d.state;
  const isDown = (agent: AgentId): boolean => sites.get(standing.seats.get(agent)?.kind?.site ?? '') === 'down';
  if (![...sites.values()].includes('down')) return;
  for (const contact of [...contacts.values()]) {
    const { stage } = contact;
    if (stage.in === 'queue' && stage.offer !== null && isDown(stage.offer.agent))
      cancelOffer(d, contact, 'lost', 'Q14');
  }
  for (const agent of agents.values()) if (isDown(agent.id)) leaveDesk(d, agent);
}
