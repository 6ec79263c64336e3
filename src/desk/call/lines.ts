/** The lines that may be called from this page, the main one first; else why they are not known: the page is not open, the server is away. */
export async function linesOf(): Promise<readonly string[] | 'closed' | 'away'> {
  try {
    const answer = await fetch('/api/v1/web-calls');
    if (answer.status === 404) return 'closed';
    return answer.ok ? ((await answer.json()) as { numbers: string[] }).numbers : 'away';
  } catch {
    return 'away';
  }
}
