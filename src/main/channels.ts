import { join } from 'node:path';
import { addChannelMetrics } from '../api/channel-metrics.ts';
import type { Metrics } from '../api/metrics.ts';
import type { Account } from '../channel/account.ts';
import { type AccountProblem, readAccounts } from '../channel/accounts.ts';
import { ChannelHost } from '../channel/host.ts';
import { loadNamed } from '../channel/load.ts';
import { removeTornFiles } from '../channel/media/torn-files.ts';
import { remindersOf } from '../core/idle.ts';
import { type AgentId, type ContactId, contactId } from '../core/ids.ts';
import { digitalView } from '../core/view.ts';
import type { Projector } from '../store/projector.ts';
import type { Store } from '../store/store.ts';
import type { Calls } from './core.ts';

/** The project's own `channels` folder: what stands there is a channel. */
export const CHANNEL_FOLDER = join(import.meta.dirname, '../../channels');

export interface OpenChannels {
  readonly host: ChannelHost;
  observeAcknowledgement(durationMs: number): void;
  readonly leftOut: readonly AccountProblem[];
  readonly fileFolder: string;
}

/** Only channels that have an account are loaded. An account with a mistake is left out, and said; calls and the other accounts go on. */
export async function openChannels(
  calls: Calls,
  parts: {
    readonly store: Store;
    readonly projector: Projector;
    readonly metrics: Metrics;
    readonly queues: ReadonlySet<string>;
    /** Of the program itself. */
    readonly own: readonly Account[];
    /** The page of the agent who has the contact may show other files than before, or that a platform told more of its messages. */
    readonly shown: (agent: AgentId, contact: ContactId) => void;
  },
): Promise<OpenChannels> {
  const { config, folders, loop, logger, submit } = calls;
  const { accounts, problems } = await readAccounts({
    file: config.channelsFile,
    load: (name) => loadNamed(CHANNEL_FOLDER, name, { cacheFolder: folders.channels }),
    queues: parts.queues,
    env: process.env,
    warn: ({ line, message }) => logger.warn({ file: config.channelsFile, line }, message),
  });
  for (const { file, line, message, fix } of problems) logger.error({ file, line, fix }, message);
  const metrics = addChannelMetrics(parts.metrics.registry, () => host);
  for (const folder of [folders.messageFiles, folders.chatFiles]) {
    const torn = await removeTornFiles(folder).catch((error: unknown) => {
      // Calls and words come through without it.
      logger.error({ folder, err: error }, 'files of messages can be neither kept nor read');
      return 0;
    });
    metrics.countTorn(torn);
    if (torn > 0) logger.warn({ folder, torn }, 'files that were half written at the last end are removed');
  }
  const atDesk = (id: string): void => {
    const contact = contactId(id);
    const view = digitalView(loop.state, contact);
    if (view !== undefined && view !== 'call' && view.agent !== undefined) parts.shown(view.agent, contact);
  };
  const host: ChannelHost = new ChannelHost({
    db: parts.store.db,
    journal: loop.state.journalId,
    accounts: [...parts.own, ...accounts],
    logger,
    core: {
      submit,
      follow: (listener) => loop.subscribe(listener),
      reminders: () => remindersOf(loop.state),
    },
    settled: () => parts.projector.settled(),
    metrics,
    fileFolder: folders.messageFiles,
    onFile: atDesk,
    onTold: atDesk,
  });
  host.start();
  const { observeAcknowledgement } = metrics;
  return { host, observeAcknowledgement, leftOut: problems, fileFolder: folders.messageFiles };
}
