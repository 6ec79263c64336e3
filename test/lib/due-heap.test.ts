import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DueHeap } from '../../src/lib/due-heap.ts';

const change = fc.record({
  kind: fc.nat(2),
  id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
  atMs: fc.option(fc.nat(5)),
});

test('the first deadline is the earliest, then the lower kind, then the lower id, however they were set', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const heap = new DueHeap();
      const kept = new Map<string, { kind: number; id: string; atMs: number }>();
      for (const { kind, id, atMs } of changes) {
        heap.set(kind, id, atMs);
        if (atMs === null) kept.delete(`${kind}${id}`);
        else kept.set(`${kind}${id}`, { kind, id, atMs });
        expect(heap.first() ?? null).toEqual(
          earliest([...kept.values()]) === null ? null : expect.objectContaining(earliest([...kept.values()])!),
        );
      }
      while (heap.first() !== undefined) {
        const { kind, id, atMs } = heap.first()!;
        expect({ kind, id, atMs }).toEqual(earliest([...kept.values()]));
        heap.set(kind, id, null);
        kept.delete(`${kind}${id}`);
      }
      expect(kept.size).toBe(0);
    }),
  );
});

function earliest(dues: { kind: number; id: string; atMs: number }[]) {
  return dues.sort((a, b) => a.atMs - b.atMs || a.kind - b.kind || (a.id < b.id ? -1 : 1))[0] ?? null;
}
