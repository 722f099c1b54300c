// States as callers bring them: what they hold at the call, also what went through JSON. Whether it fits the model: check-state.ts.
import { isRecord, must } from "../check.ts";
import type { ArrayLikeData, NumericArray } from "../data/array.ts";
import type { Variable } from "../variable.ts";
import { ownArray } from "./own-array.ts";

/** Values by their names in a state, as they are now. Who is not strict does not look at unknown ones. */
export function ownState(
  name: string,
  state: Readonly<Record<string, ArrayLikeData>>,
  known: ReadonlyMap<string, Variable>,
  prefix = "",
  strict = true,
): Record<string, NumericArray> {
  must(isRecord(state), state, `${name}: the state`, "an object of arrays by their paths");
  const isFile = isRecord(state.tensors) && !known.has("tensors");
  must(!isFile, state, `${name}: the state`, "what parseSafetensors(file).tensors is");
  const own = Object.entries(state).map(([path, given]): [string, NumericArray] => {
    const variable = path.startsWith(prefix) ? known.get(path.slice(prefix.length)) : undefined;
    const isLeft = variable === undefined && !strict; // but for another path of a shared one, which is found later
    return [path, isLeft ? (given as NumericArray) : ownArray(revived(given), variable?.dtype, path)];
  });
  return Object.fromEntries(own);
}

/** JSON makes an object of a typed array, with a name for each element. */
function revived(given: ArrayLikeData): ArrayLikeData {
  const { data } = (isRecord(given) ? given : {}) as { readonly data?: unknown };
  const isObject = isRecord(data) && Object.keys(data).every((key, i) => key === `${i}`);
  return isObject ? { ...(given as NumericArray), data: Object.values(data) as number[] } : given;
}
