// The graph's own verifier: what the public functions build passes, before and after simplifying; broken nodes are named.
import { constant, grad, input, scan, Tensor, Variable } from "simdgrad";
import { verifyGraph } from "simdgrad/debug";
import { describe, expect, test } from "vitest";
import { simplify } from "../../src/compile/simplify.ts";

function network(): Tensor[] {
  const x = input([4, 3]);
  const w = new Variable([3, 3], 0.5);
  const loss = scan(([h], [row]) => ({ carries: [h.add(row.matmul(w)).tanh()] }), [constant([0, 0, 0])], [x])
    .carries[0].mul(2)
    .mul(1)
    .sum();
  return [loss, ...grad(loss, [w])];
}

test("what is built through the public functions passes, before and after simplifying", () => {
  const roots = network();
  verifyGraph(roots);
  verifyGraph(simplify(roots));
});

describe("a broken graph is rejected", () => {
  const a = constant([1, 2, 3]);
  const { op, inputs, attrs } = a.exp();

  test("for a node of another shape than its op infers", () => {
    const wrong = new Tensor(op, inputs, attrs, { shape: [4], dtype: "f32" });
    expect(() => verifyGraph([wrong.neg()])).toThrow("%1 exp: is f32[4], its inputs give f32[3]");
  });

  test("for a node of another dtype", () => {
    const wrong = new Tensor(op, inputs, attrs, { shape: [3], dtype: "i32" });
    expect(() => verifyGraph([wrong])).toThrow("%1 exp: is i32[3], its inputs give f32[3]");
  });

  test("for inputs that do not fit", () => {
    const { op: add } = a.add(a);
    expect(() => verifyGraph([new Tensor(add, [a, constant([1])], undefined, a)])).toThrow(
      "add: shapes [3] and [1] differ",
    );
  });

  test("for a leaf with inputs", () => {
    expect(() => verifyGraph([new Tensor(a.op, [a], a.attrs, a)])).toThrow("a leaf has inputs");
  });

  test("for a loop's parameter read outside", () => {
    let inside = a;
    scan(
      ([carry]) => {
        inside = carry;
        return { carries: [carry.add(1)] };
      },
      [a],
      [],
      { length: 2 },
    );
    expect(() => verifyGraph([inside.neg()])).toThrow("belongs to a loop, but is read outside it");
  });
});
