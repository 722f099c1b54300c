// A module that serves nothing, and ends.
export const served = false;
