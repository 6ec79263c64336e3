/** One thing that a channel must do, and whether it did. */
export interface Finding {
  readonly ok: boolean;
  readonly zh: string;
  readonly en: string;
  /** What happened instead; of what holds, what is worth knowing. */
  readonly detail?: string;
}

/** Runs one check; what it throws is what is wrong. It may return what is worth knowing. */
export async function finding(zh: string, en: string, check: () => unknown): Promise<Finding> {
  try {
    const said = await check();
    return { ok: true, zh, en, ...(typeof said === 'string' ? { detail: said } : {}) };
  } catch (error) {
    return { ok: false, zh, en, detail: error instanceof Error ? error.message : String(error) };
  }
}

export function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}
