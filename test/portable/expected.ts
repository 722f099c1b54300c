/** What parametersHash gives on the portable build in every engine. A change of any kernel's order of operations changes it. */
export const PORTABLE_HASH = "f17af133";

/** What initialsHash gives there. */
export const INITIALS_HASH = "b41f10c0";
