// What the front page's network is like, for those who need not wait for the library.

export const HIDDEN = 32;
/** Small, so that one can watch. */
export const RATE = 0.00005;
/** Points in each direction at which the network is asked for its picture. */
export const SIDE = 64;
