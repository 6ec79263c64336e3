import type { awayZh } from './away-zh.ts';

export const awayEn: typeof awayZh = {
  title: 'Waiting for the server',
  lead: 'The server does not answer; this page opens by itself when it does. What you wrote is kept here; the call under way is kept, too, and comes back by itself.',
};
