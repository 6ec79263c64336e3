export const SEATS_MAX = 20_000;

/**
 * The least number of seats (1 or more) for which `reaches` holds, where it holds for every larger number too: looked for around a guess in
 * growing steps, then by halves. Null when even `SEATS_MAX` do not reach.
 */
export function fewest(guess: number, reaches: (seats: number) => boolean): number | null {
  const known = new Map<number, boolean>();
  const asks = (seats: number): boolean => {
    const answer = known.get(seats) ?? reaches(seats);
    known.set(seats, answer);
    return answer;
  };
  let enough = Math.min(Math.max(1, Math.ceil(guess)), SEATS_MAX);
  let tooFew = enough - 1;
  for (let stride = 1; !asks(enough); stride *= 2) {
    if (enough === SEATS_MAX) return null;
    tooFew = enough;
    enough = Math.min(enough + stride, SEATS_MAX);
  }
  for (let stride = 1; tooFew > 0 && asks(tooFew); stride *= 2) {
    enough = tooFew;
    tooFew = Math.max(0, tooFew - stride);
  }
  while (enough - tooFew > 1) {
    const middle = (enough + tooFew) >> 1;
    if (asks(middle)) enough = middle;
    else tooFew = middle;
  }
  return enough;
}
