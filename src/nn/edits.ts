// How often parts of models were put in the places of others: by that, who keeps programs of a model knows when to look at it again. A file
// of its own: what changes models and what looks come late, and pages begin without either.

/** Counted by what changes models. */
export const edits = { count: 0 };
