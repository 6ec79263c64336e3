import type { LiveCore } from '../api/live/live-core.ts';
import { contactCard, deskView } from '../core/desk-view.ts';
import { estimateFor } from '../core/estimate.ts';
import { agentsShown, modeView, siteViews } from '../core/view.ts';
import type { Loop } from '../runtime/loop.ts';

/** The loop as the live socket looks at it. */
export function liveCore(loop: Loop): LiveCore {
  return {
    follow: (listener) => loop.subscribe(listener),
    state: () => loop.state,
    agents: () => agentsShown(loop.state),
    agent: (id) => deskView(loop.state, id),
    agentOfSeat: (sipUser) => loop.state.standing.agentOfSeat.get(sipUser),
    contacts: () => loop.state.contacts.keys(),
    contact: (id) => contactCard(loop.state, id),
    queues: () => Object.keys(loop.state.settings?.queues ?? {}),
    estimate: (queue, ahead) => estimateFor(loop.state, queue, ahead),
    sites: () => siteViews(loop.state),
    mode: () => modeView(loop.state),
    alerts: () => loop.state.alerts,
    *devices() {
      for (const [sipUser, ofSeat] of loop.state.devices)
        for (const { expiresAtMs } of ofSeat.values()) yield { sipUser, expiresAtMs };
    },
  };
}
