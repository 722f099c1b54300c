// What the page tells a contender's worker, one order after the other.
import type { Answer } from "../../../bench/rounds.ts";
import type { Start } from "../../../bench/start.ts";
import type { Contender } from "./contenders.ts";

/** Take your place, and say what you are; or make so many steps. */
export type Order = { readonly contender: Contender; readonly start: Start } | { readonly steps: number };

export type { Answer, Start };
