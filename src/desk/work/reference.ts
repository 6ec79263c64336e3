import { shallowRef } from 'vue';
import { language, wordOf, words } from '../language/words.ts';
import { ask, Refused } from '../request.ts';

export interface ScriptStage {
  readonly stage: string;
  readonly title: { readonly zh: string; readonly en: string };
  readonly lines: readonly { readonly id: string; readonly text: string }[];
}

export interface Category {
  readonly code: string;
  readonly path: readonly string[];
  readonly type: string;
  readonly urgency: string;
  readonly urgent: readonly string[];
}

const RETRY_MS = 5_000;

/** What the city says beside a call. */
export const reference = shallowRef<{
  readonly stages: readonly ScriptStage[];
  readonly categories: readonly Category[];
  /** In service. */
  readonly channels: readonly {
    readonly channel: string;
    readonly title: { readonly zh: string; readonly en: string };
  }[];
  /** What may be called. */
  readonly dialOut: readonly { readonly number: string; readonly name: string }[];
}>({
  stages: [],
  categories: [],
  channels: [],
  dialOut: [],
});

export function loadReference(): void {
  ask<typeof reference.value>('/reference').then(
    (found) => {
      reference.value = found;
    },
    (error: unknown) => {
      if (!(error instanceof Refused)) setTimeout(loadReference, RETRY_MS);
    },
  );
}

/** A channel of an integrator's own has no word here, and says its title itself. */
export function channelTitle(channel: string): string {
  if (channel in words.value.channels) return wordOf(words.value.channels, channel);
  const title = reference.value.channels.find((each) => each.channel === channel)?.title;
  return title?.[language.value] ?? channel;
}
