// Where the library means something else than PyTorch, with the reason. Everything else that differs is a fault.
import type { Failure } from "./check.ts";

interface Difference {
  readonly reason: string;
  readonly subject: RegExp;
  applies(failure: Failure): boolean;
}

/** Whether an input is so large that products of two leave float32, or the result nearly does. */
function huge({ from, expected }: Failure): boolean {
  const large = (x: number) => Math.abs(x) >= 1e18 && Number.isFinite(x);
  return Math.abs(Number(expected)) >= 1e30 || from.inputs.some(({ data }) => data.some(large));
}

const LARGEST = 3.4028234663852886e38;

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The input at the place of the failure, of a subject of one input. */
function at({ from, element }: Failure): number {
  return from.inputs[0].data[element];
}

const DIFFERENCES: readonly Difference[] = [
  {
    reason: "float32 overflows inside a derivative that is finite in Float64, where the same graph is compared, too",
    subject: /./,
    applies: (failure) =>
      failure.executor !== "float64" &&
      failure.output !== "value" &&
      (failure.fault === "NaN" || failure.fault === "infinite") &&
      huge(failure),
  },
  {
    reason:
      "at NaN no comparison holds, so the slope of a function in pieces is 0; PyTorch passes the cotangent to the NaN",
    subject: /\/(relu|relu6|hardtanh|hardSigmoid|elu|selu|celu|leakyRelu)$/,
    applies: (failure) => failure.output.startsWith("gradient") && Number.isNaN(at(failure)),
  },
  {
    reason: "the sign of NaN is NaN, as in NumPy, and so is the slope of |x| there; PyTorch's is 0",
    subject: /^(losses\/(l1Loss|smoothL1Loss|huberLoss)|elementwise\/abs)$/,
    applies: ({ from: { inputs }, output, got, element }) =>
      output.startsWith("gradient") &&
      Number.isNaN(got) &&
      Number.isNaN(inputs.reduceRight((later, { data }) => data[element] - later, 0)),
  },
  {
    reason: "the remainder of an infinity is NaN, and so is its slope in the divisor; PyTorch's is infinite",
    subject: /^elementwise\/remainder$/,
    applies: ({ output, got }) => output === "gradient 1" && Number.isNaN(got),
  },
  {
    reason: "x^0 is constant, and so its slopes of every order are 0; PyTorch's second one is NaN at 0",
    subject: /^elementwise\/pow of a number$/,
    applies: ({ from: { options }, output, got }) =>
      (options as { readonly exponent?: number }).exponent === 0 && output.startsWith("second") && got === 0,
  },
  {
    reason:
      "a shrunk NaN is NaN, as hardshrink's in PyTorch, and so is its slope that of what is not shrunk; softshrink's is 0 in 1.13",
    subject: /^activations\/softshrink$/,
    applies: (failure) => Number.isNaN(at(failure)),
  },
  {
    reason: "the slope of softsign at an infinity is the limit, 0; PyTorch's is NaN",
    subject: /^activations\/softsign$/,
    applies: (failure) =>
      failure.output.startsWith("gradient") && failure.got === 0 && Math.abs(at(failure)) === Number.POSITIVE_INFINITY,
  },
  {
    reason: "a weight in no direction is NaN, and its slope no number: infinite here, NaN in PyTorch",
    subject: /^layers\/WeightNorm$/,
    applies: ({ output, got, expected }) =>
      output.startsWith("gradient") &&
      Math.abs(Number(got)) === Number.POSITIVE_INFINITY &&
      Number.isNaN(Number(expected)),
  },
  {
    reason: "partial sums beyond float32, in another order than PyTorch's, meet an infinity of the other sign",
    subject: /^reductions\/(sum|sumTo|mean|variance)$/,
    applies: ({ from, executor, output, fault }) => {
      const finite = from.inputs[0].data.filter((x) => Number.isFinite(x)).map(Math.abs);
      return executor !== "float64" && output === "value" && fault === "NaN" && sum(finite) > LARGEST;
    },
  },
  {
    reason: "a variance of no more values than its correction is NaN, its gradient too; PyTorch's gradient is infinite",
    subject: /^reductions\/variance$/,
    applies: ({ output, got }) => output !== "value" && Number.isNaN(got),
  },
];

/** The reason why a difference is none. */
export function differenceOf(failure: Failure): string | undefined {
  const { name } = failure.from.subject;
  return DIFFERENCES.find(({ subject, applies }) => subject.test(name) && applies(failure))?.reason;
}
