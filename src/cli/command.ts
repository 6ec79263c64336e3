/** One sub-command of `minhu`, in a file named like it; `src/cli.ts` lists them. */
export interface CliCommand {
  /** One line for `minhu --help`. */
  readonly summary: string;
  /** Whole text of `minhu NAME --help`. */
  readonly help: string;
  /** @returns the exit status: 0 done, 1 the answer is no, 2 wrong usage. */
  run(args: readonly string[]): Promise<number>;
}
