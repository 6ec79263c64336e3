import {
  fileFetched,
  fileGone,
  fileTried,
  giveUpOld,
  readWaitingFiles,
  type WaitingFile,
  wantAgain,
} from '../../store/message-files.ts';
import { type Account, accountKey } from '../account.ts';
import { ChannelError, type Context, type MediaReference, throwUnlessOk } from '../channel.ts';
import type { HostOptions } from '../host-options.ts';
import { isChannelError } from '../trouble.ts';
import { within } from '../within.ts';
import { type AdmitFault, admit, FILE_BYTES_MAX } from './admit.ts';
import { hasRoomFor } from './disk-room.ts';
import { withEnding } from './file-name.ts';
import { FolderFault } from './folder-fault.ts';
import { storeFile } from './stored-file.ts';

/** Why a file cannot be had. `refused`: its platform says so; `unreachable`: it was tried in vain for `AGE_MS_MAX`; `expired`: nobody tried for as long. */
type FileFault = AdmitFault | 'refused' | 'unreachable' | 'expired';

export interface MediaFetcherOptions
  extends Pick<
    HostOptions,
    'db' | 'journal' | 'accounts' | 'logger' | 'metrics' | 'fileFolder' | 'reservedBytes' | 'onFile'
  > {
  /** What a channel reaches its platform by. */
  readonly context: (account: Account, signal: AbortSignal) => Context;
}

/** After the first, second… failure; the last stands for all that follow, until `AGE_MS_MAX`. */
const STEPS_MS: readonly number[] = [2_000, 10_000, 60_000, 600_000, 3_600_000, 14_400_000];
/** A refused token is not mended in seconds. */
const BROKEN_MS = 60_000;
/** As long as WeChat keeps a file. */
const AGE_MS_MAX = 72 * 3_600_000;
const FULL_DISK_MS = 60_000;
const RETRY_AFTER_MAX_MS = 3_600_000;
const FLYING_MAX = 6;
/** So that a platform that hangs leaves room for the others. */
const FLYING_OF_ACCOUNT_MAX = 2;
const FETCH_MS_MAX = 60_000;
const STORE_AGAIN_MS = 1_000;
const TIMER_MS_MAX = 600_000;

/** Fetches what messages name, from the moment they are stored until it is here or given up. What is to be fetched stands in the database alone. */
export class MediaFetcher {
  readonly #options: MediaFetcherOptions;
  /** Whose files are to be fetched. */
  readonly #accounts: ReadonlyMap<string, Account>;
  readonly #flying = new Map<string, { readonly key: string; readonly work: Promise<void> }>();
  readonly #stopping = new AbortController();
  #looking: Promise<void> | undefined;
  #again = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: MediaFetcherOptions) {
    this.#options = options;
    const fetching = options.accounts.filter(
      ({ channel, mediaHere }) => channel.fetchMedia !== undefined && mediaHere !== true,
    );
    this.#accounts = new Map(fetching.map((account) => [accountKey(account.channel.name, account.name), account]));
  }

  /** There may be something to fetch. */
  wake(): void {
    if (this.#accounts.size === 0 || this.#stopping.signal.aborted) return;
    this.#again = true;
    this.#looking ??= this.#look();
  }

  /** What waits for an account that nobody has any more is given up in its time; the rest is fetched. @throws while the database is away. */
  async resume(): Promise<void> {
    const { db, journal } = this.#options;
    await giveUpOld(db, journal, Date.now() - AGE_MS_MAX, 'expired' satisfies FileFault);
    this.wake();
  }

  /** A file that was given up is tried anew. @returns false when this contact has no such file, or nobody could fetch it. */
  async again(contact: string, id: string): Promise<boolean> {
    const { db, journal, onFile } = this.#options;
    const wanted = { journal, accounts: [...this.#accounts.keys()], contact, id };
    if (!(await wantAgain(db, wanted, Date.now()))) return false;
    onFile(contact);
    this.wake();
    return true;
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    await this.#looking;
    await Promise.all([...this.#flying.values()].map(({ work }) => work));
  }

  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    while (this.#again && !this.#stopping.signal.aborted) {
      this.#again = false;
      try {
        // Whoever woke us meanwhile has something that this look did not see.
        if (await this.#startDue()) this.#again = true;
      } catch (error) {
        this.#options.logger.debug({ err: error }, 'files to be fetched cannot be read now');
        this.#sleep(STORE_AGAIN_MS);
      }
    }
    this.#looking = undefined;
    if (this.#again) this.wake();
  }

  /** @returns whether there may be more to start at once. */
  async #startDue(): Promise<boolean> {
    const { db, journal } = this.#options;
    const free = FLYING_MAX - this.#flying.size;
    const open = [...this.#accounts.keys()].filter((key) => this.#flyingOf(key) < FLYING_OF_ACCOUNT_MAX);
    if (free === 0 || open.length === 0) return false;
    const except = [...this.#flying.keys()];
    const files = await readWaitingFiles(db, { journal, accounts: open, except, rowsMax: free });
    let started = false;
    for (const file of files) {
      if (file.due_at_ms > Date.now()) {
        if (!started) this.#sleep(file.due_at_ms - Date.now());
        return started;
      }
      const key = accountKey(file.channel, file.account);
      if (this.#flyingOf(key) >= FLYING_OF_ACCOUNT_MAX || this.#stopping.signal.aborted) continue;
      this.#start(key, file);
      started = true;
    }
    return started;
  }

  #flyingOf(account: string): number {
    return [...this.#flying.values()].filter(({ key }) => key === account).length;
  }

  #start(key: string, file: WaitingFile): void {
    const work = this.#fetch(key, file).finally(() => {
      this.#flying.delete(file.id);
      this.wake();
    });
    this.#flying.set(file.id, { key, work });
  }

  #sleep(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.wake(), Math.min(Math.max(ms, 1), TIMER_MS_MAX));
    this.#timer.unref();
  }

  async #fetch(key: string, file: WaitingFile): Promise<void> {
    const { db, fileFolder, reservedBytes, metrics, onFile } = this.#options;
    try {
      if (!(await hasRoomFor(fileFolder, FILE_BYTES_MAX, reservedBytes)))
        throw new ChannelError('retry', 'the disk has no room for files', FULL_DISK_MS);
      const content = await this.#contentOf(key, file.reference as MediaReference);
      const admitted = content === 'tooLarge' ? content : admit(content);
      if (typeof admitted === 'string') return await this.#giveUp(file, admitted, '');
      const { type } = admitted;
      const place = file.placed ? undefined : admitted.place;
      await storeFile(fileFolder, file.id, admitted.content);
      const here = { name: withEnding(file.name, type), type, place, bytes: admitted.content.length };
      const contact = await this.#insist(() => fileFetched(db, file.id, here));
      metrics.countFile(file.channel, file.account, 'fetched');
      if (contact !== undefined) onFile(contact);
    } catch (error) {
      if (!this.#stopping.signal.aborted) await this.#failed(file, error);
    }
  }

  async #contentOf(key: string, reference: MediaReference): Promise<Buffer | 'tooLarge'> {
    const account = this.#accounts.get(key)!;
    return await within({ ms: FETCH_MS_MAX, stopping: this.#stopping.signal }, async (signal) => {
      const response = await account.channel.fetchMedia!(reference, this.#options.context(account, signal));
      throwUnlessOk(response, 'the platform');
      return await readWithin(response);
    });
  }

  async #failed(file: WaitingFile, error: unknown): Promise<void> {
    const [kind, reason] = [isChannelError(error) ? error.kind : 'retry', reasonOf(error)];
    const nowMs = Date.now();
    const tries = file.tries + 1;
    if (kind === 'refuse') return await this.#giveUp(file, 'refused', reason);
    const askedMs = isChannelError(error) ? Math.min(error.retryAfterMs ?? 0, RETRY_AFTER_MAX_MS) : 0;
    const isOurs = error instanceof FolderFault;
    if (isOurs) this.#options.logger.error({ err: error }, 'files of messages cannot be kept now');
    const leastMs = isOurs ? FULL_DISK_MS : kind === 'broken' ? BROKEN_MS : askedMs;
    const afterMs = Math.max(leastMs, STEPS_MS[Math.min(tries, STEPS_MS.length) - 1]!);
    if (nowMs + afterMs - file.at_ms > AGE_MS_MAX) return await this.#giveUp(file, 'unreachable', reason);
    await this.#insist(() => fileTried(this.#options.db, file.id, tries, nowMs + afterMs));
    this.#options.metrics.countFile(file.channel, file.account, 'again');
  }

  async #giveUp(file: WaitingFile, fault: FileFault, reason: string): Promise<void> {
    const { db, logger, metrics, onFile } = this.#options;
    const contact = await this.#insist(() => fileGone(db, file.id, file.tries + 1, fault));
    const { channel, account, message } = file;
    logger.warn({ message, channel, account, fault, reason }, 'a file of a message cannot be had');
    metrics.countFile(channel, account, 'gone');
    if (contact !== undefined) onFile(contact);
  }

  /** Written down as soon as the database takes it; at the end of the program it is fetched once more at the next start. */
  async #insist<Result>(write: () => Promise<Result>): Promise<Result | undefined> {
    for (;;) {
      try {
        return await write();
      } catch (error) {
        this.#options.logger.debug({ err: error }, 'what became of a file cannot be written down now');
        if (this.#stopping.signal.aborted) return undefined;
        await new Promise((resolve) => setTimeout(resolve, STORE_AGAIN_MS));
      }
    }
  }
}

/** Read no further than a file may be large. */
async function readWithin(response: Response): Promise<Buffer | 'tooLarge'> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > FILE_BYTES_MAX) return 'tooLarge';
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function reasonOf(error: unknown): string {
  return String(error instanceof Error ? error.message : error).slice(0, 500);
}
