// What timers can wait for: a longer delay is taken for none.

/** Milliseconds: the most that fits into 31 bits. */
export const LONGEST_DELAY = 2 ** 31 - 1;
