// Networks of layers for the peers that build them: what a library makes of one row of networks.ts is in a file of its own.

/** Layers that the peers have: no attention, no embeddings, no gated units but the LSTM's. */
const WRITTEN = ["conv", "maxPool", "batchNorm", "linear", "lstm", "main"];

/**
 * Whether the peers can build a network's layers.
 * @param {readonly unknown[]} rows
 * @returns {boolean}
 */
export function areWritten(rows) {
  return rows.every((row) => {
    if (typeof row === "string") return true;
    const has = WRITTEN.some((name) => name in row);
    return has && (!("main" in row) || (areWritten(row.main) && areWritten(row.shortcut)));
  });
}

/**
 * One function of all rows, one after the other; `layerOf(row, name)` makes that of one, whose parameters begin with `name`. What is given
 * besides x is given to each.
 */
export function chain(rows, layerOf, name = "") {
  const layers = rows.map((row, i) => layerOf(row, `${name}${i}.`));
  return (x, ...more) => layers.reduce((value, layer) => layer(value, ...more), x);
}
