import type { Account } from './account.ts';
import type { MediaKind, Template } from './channel.ts';
import { kindsOf } from './media/upload.ts';

/** Code points of one text, where the channel says nothing of it. */
export const TEXT_CHARS_USUAL = 2_000;

/** What may be written by an account. */
export interface Takes {
  /** Kinds of files that a reply may have with it. */
  readonly kinds: readonly MediaKind[];
  /** Code points of one text. */
  readonly textChars: number;
  /** Messages that its platform lets through at any time, by name. */
  readonly templates: Readonly<Record<string, Template>>;
}

export const TAKES_NOTHING: Takes = { kinds: [], textChars: TEXT_CHARS_USUAL, templates: {} };

export function takesOf(account: Account): Takes {
  const { limits = {} } = account.channel;
  return {
    kinds: kindsOf(account),
    textChars: limits.textChars ?? TEXT_CHARS_USUAL,
    templates: templatesOf(account),
  };
}

/** Those that this account is set up for. */
function templatesOf({ channel, settings }: Account): Takes['templates'] {
  const all = Object.entries(channel.send === undefined ? {} : (channel.capabilities?.templates ?? {}));
  const own = all.filter(([, { setting }]) => setting === undefined || settings[setting] !== undefined);
  return Object.fromEntries(own.map(([name, template]) => [name, asSetUp(template, settings)]));
}

/** With the fields that the account's setting has a place for. */
function asSetUp(template: Template, settings: Account['settings']): Template {
  const setting = template.setting === undefined ? undefined : settings[template.setting];
  if (setting === undefined || template.fieldsOf === undefined) return template;
  const own = Object.entries(template.fieldsOf(setting)).filter(([field]) => Object.hasOwn(template.fields, field));
  return {
    ...template,
    fields: Object.fromEntries(own.map(([field, most]) => [field, Math.min(most, template.fields[field]!)])),
  };
}
