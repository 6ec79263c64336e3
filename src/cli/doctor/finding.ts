/** What one check found, for the operator's eyes. Chinese first, English second. */
export interface Finding {
  /** Stable name, for scripts: `node`, `settings`, `city`, `http`… */
  readonly check: string;
  readonly ok: boolean;
  readonly zh: string;
  readonly en: string;
  /** The hotline runs, yet somebody should act; `fix` says how. */
  readonly warning?: true;
  /** What to do, both languages in one; only when something is wrong or to be seen to. */
  readonly fix?: string;
}

export function good(check: string, zh: string, en: string): Finding {
  return { check, ok: true, zh, en };
}

export function bad(check: string, zh: string, en: string, fix: string): Finding {
  return { check, ok: false, zh, en, fix };
}

export function warning(check: string, zh: string, en: string, fix: string): Finding {
  return { check, ok: true, warning: true, zh, en, fix };
}
