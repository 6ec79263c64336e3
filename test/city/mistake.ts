/** One planted mistake: what to write where, and the line and words it must be answered with. */
export interface Mistake {
  readonly title: string;
  readonly file: string;
  readonly find: string;
  readonly put: string;
  /** Where the problem must be shown, when not where it was planted. */
  readonly at?: string;
  readonly says: RegExp;
  readonly fix: RegExp;
}
