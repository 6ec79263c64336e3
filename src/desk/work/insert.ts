import { onBeforeUnmount } from 'vue';

const takers = new Set<(line: string) => void>();

/** Puts a line into whatever is being written. */
export function insert(line: string): void {
  for (const taker of takers) taker(line);
}

/** Takes lines while the component lives. */
export function inserted(taker: (line: string) => void): void {
  takers.add(taker);
  onBeforeUnmount(() => takers.delete(taker));
}
