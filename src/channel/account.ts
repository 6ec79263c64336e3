import type { Channel, Entry, Settings } from './channel.ts';

/** One account of a channel, as the operator set it up. */
export interface Account {
  readonly channel: Channel;
  readonly name: string;
  readonly settings: Settings;
  /** Valid beside them until then: keys that are being replaced. */
  readonly previous: { readonly settings: Settings; readonly untilMs: number } | undefined;
  readonly queues: Readonly<Record<Entry, string>>;
  /** Sent when a message opens a contact; `{contact}` stands for its number. Undefined: nothing is sent. */
  readonly receipt: string | undefined;
  /** Sent to a citizen who does not write on, and when the contact is closed for that; as `receipt`. */
  readonly reminder?: string | undefined;
  readonly closingWords?: string | undefined;
  /** Sent when an agent ends the contact. Of platforms that count messages, none has any: the last one stays for an answer. */
  readonly endedWords?: string | undefined;
  /** Alarm when nothing came for so long at a time when usually something does. Undefined: never. */
  readonly gapMs: number | undefined;
  /** Its media are kept by whoever hands them in: there is nothing to fetch. */
  readonly mediaHere?: true;
}

/** Every set of keys that is valid now, the newest first. */
export function keysOf({ settings, previous }: Account, nowMs: number): readonly Settings[] {
  return previous !== undefined && nowMs < previous.untilMs ? [settings, previous.settings] : [settings];
}

export function accountKey(channel: string, account: string): string {
  return `${channel}/${account}`;
}

/** Of each address that the operator wrote into the settings. */
export function originsIn(settings: Settings): readonly string[] {
  return Object.values(settings)
    .filter((value) => value !== undefined && /^https?:\/\//.test(value) && URL.canParse(value))
    .map((value) => new URL(value!).origin);
}

/** Who keeps what the account is about: accounts at one address have one. */
export function providerOf({ channel, name, settings }: Account): string {
  return originsIn(settings)[0] ?? accountKey(channel.name, name);
}
