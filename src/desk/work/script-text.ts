/** A line of a script, with what it leaves open. */
export function filled(
  text: string,
  facts: { readonly number: string; readonly line: string; readonly greeting: string },
): string {
  const named: Record<string, string> = {
    工号: facts.number,
    线路: facts.line,
    时段: facts.greeting,
  };
  return text.replace(/\{([^{}]+)\}/g, (whole, name: string) => named[name] ?? whole);
}
