import { EVENT_NAMES } from './dialect.ts';
import type { EventFormat, SwitchEvent } from './event.ts';

export const SUBCLASSES_MAX = 200;
export const FILTERS_MAX = 100;

/** What one client asked to hear. */
export interface Subscription {
  format: EventFormat;
  all: boolean;
  readonly names: Set<string>;
  readonly subclasses: Set<string>;
  readonly filters: Array<readonly [string, string]>;
}

export function createSubscription(): Subscription {
  return { format: 'plain', all: false, names: new Set(), subclasses: new Set(), filters: [] };
}

/** `event plain NAMES`: adds to what was asked before, as FreeSWITCH does. Answers the reply text. */
export function subscribe(subscription: Subscription, argument: string): string {
  const [first = '', ...rest] = argument.split(/\s+/).filter((word) => word !== '');
  const format = first.toLowerCase();
  if (format === 'xml') return '-ERR xml is not supported';
  const named = format === 'plain' || format === 'json';
  const words = named ? rest : [first, ...rest];
  if (named) subscription.format = format;
  if (add(subscription, words) === 0) return '-ERR no keywords supplied';
  return `+OK event listener enabled ${subscription.format}`;
}

function add(subscription: Subscription, words: readonly string[]): number {
  let count = 0;
  let custom = false;
  for (const word of words) {
    if (custom) {
      if (subscription.subclasses.size < SUBCLASSES_MAX) subscription.subclasses.add(word);
      count += 1;
      continue;
    }
    const name = word.toUpperCase();
    if (name === 'ALL') subscription.all = true;
    else if (EVENT_NAMES.has(name)) subscription.names.add(name);
    else continue;
    custom = name === 'CUSTOM';
    count += 1;
  }
  return count;
}

/** `nixevent NAMES`. */
export function unsubscribe(subscription: Subscription, argument: string): string {
  const words = argument.split(/\s+/).filter((word) => word !== '');
  if (words.length === 0) return '-ERR no keywords supplied';
  if (subscription.all) {
    subscription.all = false;
    for (const name of EVENT_NAMES) subscription.names.add(name);
  }
  for (const word of words) {
    subscription.names.delete(word.toUpperCase());
    subscription.subclasses.delete(word);
  }
  return '+OK events nixed';
}

/** `noevents`. */
export function unsubscribeAll(subscription: Subscription): string {
  if (!isListening(subscription)) return '-ERR not listening for events';
  subscription.all = false;
  subscription.names.clear();
  subscription.subclasses.clear();
  return '+OK no longer listening for events';
}

export function isListening(subscription: Subscription): boolean {
  return subscription.all || subscription.names.size > 0;
}

/** `filter HEADER VALUE`, `filter delete HEADER [VALUE]`, `filter delete all`. */
export function changeFilter(subscription: Subscription, argument: string): string {
  const words = argument.split(/\s+/).filter((word) => word !== '');
  if (words[0]?.toLowerCase() === 'delete') return deleteFilter(subscription, words.slice(1));
  const [name, ...rest] = words;
  const value = rest.join(' ');
  if (name === undefined || value === '') return '-ERR invalid syntax';
  if (value.startsWith('/')) return '-ERR regular expressions are not supported';
  if (subscription.filters.length >= FILTERS_MAX) return '-ERR too many filters';
  subscription.filters.push([name, value]);
  return `+OK filter added. [${name}]=[${value}]`;
}

function deleteFilter(subscription: Subscription, words: readonly string[]): string {
  const [name, ...rest] = words;
  const value = rest.join(' ');
  if (name === undefined) return '-ERR invalid syntax';
  const kept =
    name === 'all'
      ? []
      : subscription.filters.filter(([key, held]) => key !== name || (value !== '' && held !== value));
  subscription.filters.splice(0, subscription.filters.length, ...kept);
  return `+OK filter deleted. [${name}][${value}]`;
}

/** Whether anything of this name may be wanted: says cheaply that an event need not be built. */
export function wantsName(subscription: Subscription, name: string, subclass: string | undefined): boolean {
  if (subscription.all) return true;
  if (!subscription.names.has(name)) return false;
  return name !== 'CUSTOM' || subclass === undefined || subscription.subclasses.has(subclass);
}

export function wants(subscription: Subscription, event: SwitchEvent): boolean {
  if (!wantsName(subscription, event.name, event.subclass)) return false;
  if (subscription.filters.length === 0) return true;
  return subscription.filters.some(([name, value]) =>
    event.headers.some(
      ([key, held]) => key.toLowerCase() === name.toLowerCase() && held.toLowerCase() === value.toLowerCase(),
    ),
  );
}
