import { ask } from '../request.ts';

/** What a reply in a conversation may have with it, as `GET /contacts/ID/messages` says. */
export interface FileRules {
  /** None: no files at all. */
  readonly kinds: readonly string[];
  readonly bytesMax: number;
  readonly countMax: number;
}

/** A file that is to go with the next reply. */
export interface Attached {
  readonly key: string;
  readonly name: string;
  readonly bytes: number;
  /** Empty until the server has it. */
  id: string;
  /** Why the server will not have it; empty when it may. */
  failure: string;
}

/** What a browser's dialogue offers first; the server looks at the content. */
const ACCEPTED: Readonly<Record<string, string>> = {
  image: 'image/jpeg,image/png,image/webp,image/heic',
  audio: '.amr,audio/mpeg,audio/wav',
  video: 'video/mp4',
  file: 'image/jpeg,image/png,image/webp,image/heic,.amr,audio/mpeg,audio/wav,video/mp4,application/pdf',
};

export function acceptedBy({ kinds }: FileRules): string {
  return kinds.map((kind) => ACCEPTED[kind] ?? '').join(',');
}

/** Which of them are too large, or too many beside those that are there, is known before anything is sent. */
export function overLimit(
  rules: FileRules,
  attached: readonly Attached[],
  files: readonly File[],
): 'many' | 'large' | undefined {
  if (attached.length + files.length > rules.countMax) return 'many';
  const bytes = [...attached.map((each) => each.bytes), ...files.map(({ size }) => size)].reduce(
    (sum, size) => sum + size,
    0,
  );
  return bytes > rules.bytesMax ? 'large' : undefined;
}

/** Brings a file to the server; it goes with a reply later. `one` is told how that ended. */
export async function bring(contact: string, file: File, one: Attached): Promise<void> {
  try {
    const path = `/contacts/${contact}/files?name=${encodeURIComponent(file.name.slice(-500) || 'file')}`;
    const { id } = await ask<{ readonly id: string }>(path, { method: 'POST', file });
    one.id = id;
  } catch (error) {
    one.failure = (error instanceof Error ? error.message : '') || '—';
  }
}
