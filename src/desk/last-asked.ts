/** Answers come in another order than they were asked for: each question learns whether none was asked after it. */
export function lastAsked(): () => () => boolean {
  let turns = 0;
  return () => {
    turns += 1;
    const turn = turns;
    return () => turn === turns;
  };
}
