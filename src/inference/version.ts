// The version of the package, which files say that they were written by.
export const VERSION = "0.1.0";
