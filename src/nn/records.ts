// Layers that take several tensors in a record: what is said to those who hand them over one after the other, or by PyTorch's names.
import { type Checks, checkOptions, isRecord, must } from "../check.ts";
import { ArgumentError } from "../errors.ts";
import { Tensor } from "../tensor.ts";

/** PyTorch's masks: true where a key is ignored. */
const MASK = /^(src|tgt|memory|attn|)_?((?:key_?)?padding_?)?mask$/i;

/**
 * @throws ArgumentError for a tensor in the place of a record, and for what it holds besides what has a check; of PyTorch's masks it says
 * what they are here
 */
export function checkRecord<T extends object>(x: T, name: string, checks: Checks<T>, ...required: (keyof T)[]): void {
  const instead = `an object { ${Object.keys(checks).join(", ")} }`;
  must(isRecord(x) && !(x instanceof Tensor), x, `${name}: x`, instead);
  for (const key of Object.keys(x)) {
    const own = Object.hasOwn(checks, key) ? undefined : maskLike(key, checks);
    if (own === undefined) continue;
    throw new ArgumentError(
      `${name}: unknown option ${key}; here it is ${own}, the other way round: 1 where a key is seen (PyTorch: true where it is ignored)`,
    );
  }
  checkOptions(x, name, checks, ...required);
}

/** What a mask of PyTorch's is called here: one of a layer's own sequence has no name before it. */
function maskLike(key: string, known: object): string | undefined {
  const [isMask, of = "", ofKeys] = MASK.exec(key) ?? [];
  if (isMask === undefined) return undefined;
  const kind = ofKeys === undefined ? "mask" : "keyMask";
  const whole = `${of.toLowerCase()}${kind[0].toUpperCase()}${kind.slice(1)}`;
  return [whole, kind].find((each) => Object.hasOwn(known, each));
}

/** @throws ArgumentError for tensors in the place of the context: the layer takes them in its one argument, `instead` */
export function refuseTensors(context: unknown, name: string, instead: string): void {
  if (![context].flat().some((each) => each instanceof Tensor)) return;
  throw new ArgumentError(`${name}: takes one argument before the context, forward(${instead}, context)`);
}
