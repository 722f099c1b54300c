/** What parametersHash gives on the portable build in every engine. A change of any kernel's order of operations changes it. */
export const PORTABLE_HASH = "8c41d5d1";

/** What initialsHash gives there. */
export const INITIALS_HASH = "2c7bf147";
