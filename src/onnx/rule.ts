// How the operators of ONNX are told what they mean here: rules, in tables by name, one file a family in nodes/.
import type { Node } from "./node.ts";
import type { Value } from "./value.ts";

/** Builds a node: its outputs in their order, one alone without a list, undefined for those that nobody wants. */
export type Build = (node: Node) => Value | readonly (Value | undefined)[];

/** What an operator means, and which of its inputs are no plain data. */
export interface Rule {
  readonly build: Build;
  /** Inputs whose numbers must be known while the graph is built: shapes, axes, conditions; or are no weights. Initialisers in them are constants. */
  readonly decides?: readonly number[];
  /** Inputs of which only the shape and type are read. */
  readonly looks?: readonly number[];
  /** Inputs whose initialisers are Variables that are not trained: running statistics. */
  readonly buffers?: readonly number[];
}

/** Rules by the operator's name; of other domains than ONNX's own as `domain:Name`. */
export type Rules = Readonly<Record<string, Rule | Build>>;
