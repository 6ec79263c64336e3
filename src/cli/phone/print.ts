/** One thing that happened: a line for a person, or with `--json` an object for a program. */
export type Print = (event: string, facts: Readonly<Record<string, unknown>>, line: string) => void;

export function printer(json: boolean, write: (text: string) => void = (text) => process.stdout.write(text)): Print {
  return (event, facts, line) => write(json ? `${JSON.stringify({ event, ...facts })}\n` : `${line}\n`);
}

export function complain(line: string, status = 1): number {
  process.stderr.write(`${line}\n`);
  return status;
}

/** `12.3 s`. */
export function secondsText(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
