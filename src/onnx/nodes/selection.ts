// NonMaxSuppression and Unique: how large their results are is decided by their inputs' numbers, so these must be known.
import { DataError } from "../../errors.ts";
import { normalizeAxis, showShape, sizeOf } from "../../shape.ts";
import type { Node } from "../node.ts";
import { Refusal } from "../refusal.ts";
import type { Rules } from "../rule.ts";
import { Value } from "../value.ts";

/** Comparisons of boxes. */
const MOST = 2 ** 24;

/** Two opposite corners: the smaller coordinates first. */
type Box = readonly [number, number, number, number];

function boxOf(numbers: readonly number[], at: number, isCentre: boolean): Box {
  const [a, b, c, d] = numbers.slice(at, at + 4);
  if (isCentre) return [a - c / 2, b - d / 2, a + c / 2, b + d / 2];
  return [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)];
}

function area([a, b, c, d]: Box): number {
  return (c - a) * (d - b);
}

/** What two boxes share of what they cover together. */
function overlap(p: Box, q: Box): number {
  const sides = [0, 1].map((i) => Math.min(p[i + 2], q[i + 2]) - Math.max(p[i], q[i]));
  if (sides.some((side) => !(side > 0))) return 0;
  const shared = sides[0] * sides[1];
  return shared / (area(p) + area(q) - shared);
}

/** Of each class the best boxes that do not overlap one that is better: rows of image, class, box. */
function nonMaxSuppression(node: Node): Value {
  const [boxShape, scoreShape] = [node.shape(0), node.shape(1)];
  const [images, count] = boxShape;
  const classes = scoreShape[1];
  if (
    boxShape.length !== 3 ||
    boxShape[2] !== 4 ||
    scoreShape.length !== 3 ||
    scoreShape[0] !== images ||
    scoreShape[2] !== count
  )
    throw new DataError(`boxes ${showShape(boxShape)} do not fit scores ${showShape(scoreShape)}`);
  const [most, share, least] = [node.number(2, 0), node.number(3, 0), node.number(4, Number.NEGATIVE_INFINITY)];
  const [boxes, scores] = [node.numbers(0), node.numbers(1)];
  const isCentre = node.flag("center_point_box");
  const rows: number[] = [];
  let compared = 0;
  for (let image = 0; image < images; image++)
    for (let kind = 0; kind < classes; kind++) {
      const scoreOf = (i: number) => scores[(image * classes + kind) * count + i];
      const order = Array.from({ length: count }, (_, i) => i).filter((i) => scoreOf(i) > least);
      order.sort((a, b) => scoreOf(b) - scoreOf(a) || a - b);
      const kept: Box[] = [];
      for (const i of order) {
        if (kept.length >= most) break;
        compared += kept.length;
        if (compared > MOST) throw new Refusal(`more than ${MOST} comparisons of boxes`);
        const box = boxOf(boxes, (image * count + i) * 4, isCentre);
        if (kept.some((each) => overlap(each, box) > share)) continue;
        kept.push(box);
        rows.push(image, kind, i);
      }
    }
  return Value.from({ type: "int64", shape: [rows.length / 3, 3], data: Float64Array.from(rows) });
}

/** Different slices along an axis, or numbers: where each stands first, which one each is, how many there are. */
function unique(node: Node): Value[] {
  const [numbers, whole] = [node.numbers(0), node.shape(0)];
  const isFlat = !node.hasAttribute("axis");
  const shape = isFlat ? [numbers.length] : whole;
  const axis = isFlat ? 0 : normalizeAxis(node.int("axis"), whole, "Unique");
  const [outer, count, inner] = [sizeOf(shape.slice(0, axis)), shape[axis], sizeOf(shape.slice(axis + 1))];
  const slice = (i: number) =>
    Array.from({ length: outer * inner }, (_, k) => numbers[(Math.floor(k / inner) * count + i) * inner + (k % inner)]);
  const groups = new Map<string, { slice: number[]; members: number[] }>();
  for (let i = 0; i < count; i++) {
    const own = slice(i);
    const group = groups.get(own.join()) ?? { slice: own, members: [] };
    group.members.push(i);
    groups.set(own.join(), group);
  }
  const list = [...groups.values()];
  if (node.flag("sorted", true)) list.sort((a, b) => compare(a.slice, b.slice));
  const inverse = new Float64Array(count);
  for (const [at, { members }] of list.entries()) for (const i of members) inverse[i] = at;
  const data = new Float64Array(outer * list.length * inner);
  for (const [at, group] of list.entries())
    for (const [k, value] of group.slice.entries())
      data[(Math.floor(k / inner) * list.length + at) * inner + (k % inner)] = value;
  const whole64 = (values: Float64Array | number[]) => Value.whole([...values]);
  return [
    Value.from({ type: node.type(0), shape: shape.with(axis, list.length), data }),
    whole64(list.map(({ members }) => members[0])),
    whole64(inverse),
    whole64(list.map(({ members }) => members.length)),
  ];
}

/** The order of two lists by their first numbers that differ. */
function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : a[at] - b[at];
}

export const selection: Rules = {
  NonMaxSuppression: { decides: [0, 1, 2, 3, 4], build: nonMaxSuppression },
  Unique: { decides: [0], build: unique },
};
