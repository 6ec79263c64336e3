/** What a deadline is of, in the order in which those of one moment are met. */
export const DUE = {
  agent: 0,
  contact: 1,
  seat: 2,
  level: 3,
  leg: 4,
  mode: 5,
  missed: 6,
  supervision: 7,
  alert: 8,
  oldest: 9,
} as const;
