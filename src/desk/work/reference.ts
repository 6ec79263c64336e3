import { shallowRef } from 'vue';
import { ask } from '../request.ts';

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
  /** What may be called. */
  readonly dialOut: readonly { readonly number: string; readonly name: string }[];
}>({
  stages: [],
  categories: [],
  dialOut: [],
});

export function loadReference(): void {
  ask<typeof reference.value>('/reference').then(
    (found) => {
      reference.value = found;
    },
    () => setTimeout(loadReference, RETRY_MS),
  );
}
