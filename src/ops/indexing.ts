// Rows by index. Indices are data: no gradient reaches them. One outside the rows gathers NaN and scatters nowhere.
import { ShapeError } from "../errors.ts";
import { checkArity, type Op, perInput } from "../op.ts";
import * as instructions from "../program/instructions.ts";
import { checkDType, type Shape, sameShape, showShape, sizeOf } from "../shape.ts";

/** from [rows, ...rest] and index [...] give [...index, ...rest]: NumPy's from[index]. */
export const gather: Op<undefined> = {
  name: "gather",
  infer(inputs) {
    checkArity(inputs, 2, "gather");
    const [from, index] = inputs;
    checkDType(index, ["i32"], "gather: the index");
    if (from.shape.length === 0) throw new ShapeError("gather: a scalar has no rows");
    return { shape: [...index.shape, ...from.shape.slice(1)], dtype: from.dtype };
  },
  vjp: perInput(
    ({ cotangent, inputs: [from, index] }) => index.scatterAdd(cotangent, from.shape),
    () => undefined,
  ),
  lowering: {
    kind: "kernel",
    emit({ inputs: [from, index], avals, outputs: [to], emit }) {
      const [{ shape, dtype }] = avals;
      const [count, width, rows] = [sizeOf(avals[1].shape), sizeOf(shape.slice(1)), shape[0]];
      emit.instruction(instructions.gather, { to, from, index, count, width, rows, bytes: dtype === "u8" ? 1 : 4 });
    },
  },
};

/** The transpose of gather: rows of updates [...index, ...rest] added up at their index in a tensor of `shape` [rows, ...rest]. */
export const scatterAdd: Op<{ readonly shape: Shape }> = {
  name: "scatterAdd",
  infer(inputs, { shape }) {
    checkArity(inputs, 2, "scatterAdd");
    const [updates, index] = inputs;
    checkDType(index, ["i32"], "scatterAdd: the index");
    checkDType(updates, ["f32"], "scatterAdd");
    if (shape.length === 0 || !sameShape(updates.shape, [...index.shape, ...shape.slice(1)]))
      throw new ShapeError(
        `scatterAdd: updates ${showShape(updates.shape)} and index ${showShape(index.shape)} do not fit rows of ${showShape(shape)}`,
      );
    return { shape, dtype: updates.dtype };
  },
  // Rows whose index is outside went nowhere: gather would give them NaN.
  vjp: perInput(
    ({ cotangent, inputs: [updates, index], attrs: { shape } }) => {
      const inside = index.less(shape[0]).mul(index.less(0).neg().add(1));
      const rows = inside.reshape([...index.shape, ...shape.slice(1).map(() => 1)]);
      return rows.broadcastTo(updates.shape).select(cotangent.gather(index), 0);
    },
    () => undefined,
  ),
  lowering: {
    kind: "kernel",
    emit({ inputs: [from, index], avals, outputs: [to], attrs: { shape }, emit }) {
      const [count, width, rows] = [sizeOf(avals[1].shape), sizeOf(shape.slice(1)), shape[0]];
      emit.instruction(instructions.scatterAdd, { to, from, index, count, width, rows });
    },
  },
  total: ([updates, index], { shape }) => index.scatterAdd(updates, shape),
  key: ({ shape }) => shape.join(),
};
