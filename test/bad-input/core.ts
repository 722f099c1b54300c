// What simdgrad and simdgrad/autodiff export, but for the trainer and executors, with right arguments.
import { checkpoint, hessian, hvp, jacobian, jvp, vjp } from "../../src/autodiff/index.ts";
import * as core from "../../src/index.ts";
import { type Call, call } from "./harness.ts";
import * as a from "./kinds.ts";

const { constant, input, JsExecutor, Tensor: _, Variable } = core;
type Tensor = core.Tensor;

const vector = () => constant([1, 2]);
const key = () => core.randomKey(0, "key");
const square = (x: Tensor) => x.square();
const total = (x: Tensor) => x.square().sum();
const tensors = a.list;
const summed = vector();
const sum = summed.sum();

function computation(): a.Argument {
  const [x, w] = [input([2]), new Variable([2], 0)];
  return a.options({
    inputs: a.also(a.instance({ x }), ["an object without a prototype", "no inputs"]),
    outputs: a.also(a.instance({ y: vector().exp() }), ["an object without a prototype", "no outputs"]),
    assignments: a.list([[w, w.add(1)]]),
    names: a.instance(new Map([[w, "w"]])),
  });
}

export const coreCalls: Readonly<Record<string, Call>> = {
  accuracy: call(
    core.accuracy,
    a.tensor(constant([[1, 2]])),
    a.fitting(constant(Int32Array.of(1))),
    a.options({ ignoreIndex: a.also(a.seed(1), ["null", "none is ignored"]) }),
  ),
  arange: call(core.arange, a.place(3), a.optional(a.place(7)), a.optional(a.place(2))),
  compile: call(core.compile, computation(), a.options({ optimize: a.flag(false) })),
  compileInit: call(
    core.compileInit,
    a.instance(new Map([["w", new Variable([2], 0)]])),
    a.seed(0),
    a.options({ optimize: a.flag(false) }),
  ),
  concat: call(core.concat, tensors([vector()]), a.optional(a.place(0))),
  constant: call(
    core.constant,
    a.also(a.data([1, 2]), ["data and shape", "an array and its shape"]),
    a.options({ shape: a.also(a.shape([2]), ["a list", "a shape"]), dtype: a.word("i32") }),
  ),
  customGradient: call(
    (fn: (x: Tensor) => Tensor, rule: () => readonly Tensor[]) => {
      const x = vector();
      return core.grad(core.customGradient(fn, rule)(x).sum(), [x]);
    },
    a.instance(square),
    a.instance((cotangent: Tensor) => [cotangent]),
  ),
  evaluate: call(
    core.evaluate,
    a.fitting(vector()),
    a.options({ optimize: a.flag(false), executor: a.instance(new JsExecutor()), seed: a.seed(0) }),
  ),
  evaluateAll: call(
    core.evaluateAll,
    tensors([vector()]),
    a.options({ optimize: a.flag(false), executor: a.instance(new JsExecutor()), seed: a.seed(0) }),
  ),
  foldIn: call(core.foldIn, tensors(key()), a.place(1)),
  grad: call(core.grad, a.tensor(sum), tensors([summed]), a.options({ cotangent: a.tensor(constant(1)) })),
  input: call(core.input, a.shape([2]), a.optional(a.word("i32")), a.optional(a.text("x"))),
  normal: call(core.normal, tensors(key()), a.shape([2]), a.optional(a.operand(0)), a.optional(a.operand(1))),
  permuteIndex: call(core.permuteIndex, a.tensor(core.arange(4)), tensors(key()), a.place(4)),
  randomKey: call(core.randomKey, a.seed(0), a.text("path")),
  scalar: call(core.scalar, a.anyNumber(1), a.optional(a.word("f32"))),
  scan: call(
    core.scan,
    a.instance(([sum]: readonly Tensor[], [x]: readonly Tensor[]) => ({ carries: [sum.add(x)] })),
    tensors([constant(0)]),
    tensors([vector()]),
    a.options({ length: a.whole(2), reverse: a.flag(true) }),
  ),
  stack: call(core.stack, tensors([vector()]), a.optional(a.place(0))),
  stopGradient: call(core.stopGradient, a.fitting(vector())),
  uniform: call(core.uniform, tensors(key()), a.shape([2]), a.optional(a.finite(0)), a.optional(a.finite(1))),
  valueAndGrad: call(
    (fn: (x: Tensor) => Tensor, x: Tensor) => core.valueAndGrad(fn)(x),
    a.instance(total),
    a.fitting(vector()),
  ),
  Variable: call(
    (shape: core.Shape, initial: number, options: object) =>
      core.compileInit(new Map([["w", new Variable(shape, initial, options)]]), 0),
    a.shape([2]),
    a.also(
      a.data(1),
      ["a list of sizes that are none", "any numbers are values"],
      ["data and shape", "an array and its shape"],
    ),
    a.options({ dtype: a.word("i32"), label: a.text("w"), trainable: a.flag(true) }),
  ),
};

export const autodiffCalls: Readonly<Record<string, Call>> = {
  checkpoint: call(
    (fn: (x: Tensor) => Tensor, x: Tensor) => checkpoint(fn)(x),
    a.instance(square),
    a.fitting(vector()),
  ),
  hessian: call(hessian, a.instance(total), tensors([vector()])),
  hvp: call(hvp, a.instance(total), tensors([vector()]), tensors([vector()])),
  jacobian: call(jacobian, a.instance(square), tensors([vector()])),
  jvp: call(jvp, a.instance(square), tensors([vector()]), tensors([vector()])),
  vjp: call(vjp, a.instance(square), tensors([vector()]), a.tensor(vector())),
};
