/** What the work comes to, unless the signal ends the wait for it first. @throws what the work throws; Error that `who` did not answer in time. */
export async function inTime<Result>(
  work: Result | Promise<Result>,
  signal: AbortSignal,
  who = 'the platform',
): Promise<Result> {
  let end = (): void => undefined;
  const late = new Promise<never>((_resolve, reject) => {
    end = () => reject(new Error(`${who} did not answer in time`));
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    signal.removeEventListener('abort', end);
  }
}
