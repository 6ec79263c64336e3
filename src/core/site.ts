import { leaveDesk } from './conversation.ts';
import { type Decision, note, siteOpened, touchContact } from './decision.ts';
import type { SiteAsked } from './event.ts';
import { NAME_CHARS_MAX } from './limits.ts';
import { cancelOffer } from './offer.ts';

/** Q14. */
export function siteAsked(d: Decision, { site, status, by }: SiteAsked): void {
  if (!d.state.settings?.sites?.some(({ id }) => id === site)) return;
  if ((d.state.sites.get(site) ?? 'open') === status) return;
  if (status === 'open') d.state.sites.delete(site);
  else d.state.sites.set(site, status);
  note(d, 'Q14', { do: 'record-fact', fact: 'siteStatus', site, status, by: by.slice(0, NAME_CHARS_MAX) });
  if (status === 'down') withdrawOffers(d, site);
  if (status === 'open') siteOpened(d, site);
  else for (const contact of d.state.contacts.values()) if (contact.stage.in === 'queue') touchContact(d, contact);
}

function withdrawOffers(d: Decision, site: string): void {
  for (const contact of [...d.state.contacts.values()]) {
    const { stage } = contact;
    if (stage.in !== 'queue' || stage.offer === null) continue;
    if (d.state.standing.seats.get(stage.offer.agent)?.kind?.site === site) cancelOffer(d, contact, 'lost', 'Q14');
  }
  // W11: nobody can answer there any more.
  for (const agent of d.state.agents.values()) {
    if (d.state.standing.seats.get(agent.id)?.kind?.site === site) leaveDesk(d, agent);
  }
}
