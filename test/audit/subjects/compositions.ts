// Random compositions: what the compiler fuses, places and writes over, differentiated twice, against the same steps in PyTorch.
import { concat } from "../../../src/create.ts";
import { hardSigmoid, hardtanh, relu6 } from "../../../src/nn/functional.ts";
import { type Shape, sameShape } from "../../../src/shape.ts";
import type { Tensor } from "../../../src/tensor.ts";
import { composed } from "../bounds.ts";
import { type Domain, Draw } from "../draw.ts";
import { type Subject, subject } from "../subject.ts";

/** Steps of one and two operands, all matrices. The result of each stays of moderate size; twins.py has the same. */
const UNARY: Readonly<Record<string, (a: Tensor) => Tensor>> = {
  neg: (a) => a.neg(),
  tanh: (a) => a.tanh(),
  sigmoid: (a) => a.sigmoid(),
  decay: (a) => a.square().neg().exp(),
  root: (a) => a.square().add(1).sqrt(),
  relu: (a) => a.relu(),
  sin: (a) => a.sin(),
  logarithm: (a) => a.square().log1p(),
  transpose: (a) => a.transpose(),
  softmax: (a) => a.softmax(),
  sum: (a) => a.sum(-1, { keepDims: true }),
  mean: (a) => a.mean(0, { keepDims: true }),
  max: (a) => a.max(-1, { keepDims: true }),
  flip: (a) => a.slice([undefined, undefined, -1]),
  logSumExp: (a) => a.logSumExp(0, { keepDims: true }),
  twice: (a) => concat([a, a], 0),
};

const BINARY: Readonly<Record<string, (a: Tensor, b: Tensor) => Tensor>> = {
  add: (a, b) => a.add(b),
  sub: (a, b) => a.sub(b),
  mul: (a, b) => a.mul(b),
  maximum: (a, b) => a.maximum(b),
  divide: (a, b) => a.div(b.square().add(1)),
  choose: (a, b) => a.less(b).select(a, b.square()),
  matmul: (a, b) => a.matmul(b, { transposeB: true }),
};

/** A step's name and the places of its operands among the inputs and the results before. */
type Step = readonly [name: string, ...operands: number[]];

function shapeAfter(name: string, [a, b]: readonly Shape[]): Shape {
  if (name === "transpose") return [a[1], a[0]];
  if (name === "sum" || name === "max") return [a[0], 1];
  if (name === "mean" || name === "logSumExp") return [1, a[1]];
  if (name === "twice") return [2 * a[0], a[1]];
  if (name === "matmul") return [a[0], b[0]];
  return b === undefined ? a : a.map((n, i) => Math.max(n, b[i]));
}

/** Whether two matrices can be operands of a step. */
function suit(name: string, a: Shape, b: Shape): boolean {
  if (name === "matmul") return a[1] === b[1];
  return sameShape(a, b) || a.every((n, i) => n === b[i] || n === 1 || b[i] === 1);
}

function drawSteps(draw: Draw, shapes: Shape[]): Step[] {
  const steps: Step[] = [];
  for (let count = draw.whole(3, 12); steps.length < count; ) {
    // The last results are taken most often: deep graphs rather than wide ones.
    const recent = () => Math.max(0, shapes.length - 1 - Math.floor(draw.next() ** 2 * shapes.length));
    const [a, b] = [recent(), recent()];
    const name = draw.pick(draw.chance(0.5) ? Object.keys(UNARY) : Object.keys(BINARY));
    const operands = name in BINARY ? [a, b] : [a];
    if (name in BINARY && !suit(name, shapes[a], shapes[b])) continue;
    if (name === "twice" && shapes[a][0] > 8) continue;
    steps.push([name, ...operands]);
    shapes.push(
      shapeAfter(
        name,
        operands.map((i) => shapes[i]),
      ),
    );
  }
  return steps;
}

/** What lets nothing through at and below 0, and what has an infinite slope there: together the slope is 0. */
const GATES: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  relu: (x) => x.relu(),
  relu6,
  hardtanh: (x) => hardtanh(x, 0, 1),
  hardSigmoid,
  maximum: (x) => x.maximum(0),
  select: (x) => x.greater(0).select(x, 0),
};

const SLOPES: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  sqrt: (x) => x.sqrt(),
  log: (x) => x.log(),
  rsqrt: (x) => x.rsqrt(),
  reciprocal: (x) => x.like(1).div(x),
  pow: (x) => x.pow(-0.5),
};

const MODERATE: Domain = { plain: [-1.5, 1.5], limits: [-4, 4] };

export const compositions: readonly Subject[] = [
  subject<{ readonly steps: readonly Step[] }>({
    name: "compositions/random",
    // A dozen steps, their gradients and theirs: hundreds of roundings of which the samples show most.
    bounds: { value: composed(32), derivatives: { ...composed(64), scale: () => 1 } },
    draw(source) {
      const draw = new Draw(source.whole(0, 2 ** 31), "plain");
      const [m, n] = [draw.size(1), draw.size(1)];
      const shapes = Array.from({ length: draw.whole(1, 4) }, () =>
        draw.pick<Shape>([
          [m, n],
          [m, n],
          [1, n],
          [m, 1],
          [n, n],
        ]),
      );
      const inputs = shapes.map((shape) => draw.reals(shape, MODERATE));
      return { inputs, options: { steps: drawSteps(draw, shapes) } };
    },
    build(inputs, { steps }) {
      const values = [...inputs];
      for (const [name, a, b] of steps)
        values.push(name in BINARY ? BINARY[name](values[a], values[b]) : UNARY[name](values[a]));
      return values[values.length - 1];
    },
  }),
  subject<{ readonly gate: string; readonly slope: string }>({
    name: "compositions/infinite slopes",
    bounds: { value: composed(8), derivatives: composed(16) },
    order: 1,
    elementwise: true,
    draw(draw) {
      const { data, ...rest } = draw.reals(draw.shape(), { plain: [-4, 4], limits: [-1e6, 1e6] });
      const options = { gate: draw.pick(Object.keys(GATES)), slope: draw.pick(Object.keys(SLOPES)) };
      return { inputs: [{ ...rest, data: data.map((x) => x + 0) }], options }; // no -0: a gate may turn it into 0
    },
    build: ([x], { gate, slope }) => SLOPES[slope](GATES[gate](x)),
  }),
];
