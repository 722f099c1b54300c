// A module whose exports are functions.
export const square = (x: number) => x * x;
