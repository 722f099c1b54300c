// simdgrad/autodiff: what goes beyond gradients, out of them. The core (grad, valueAndGrad, customGradient) is in simdgrad.
export { checkpoint } from "../ops/checkpoint.ts";
export { hessian, hvp, jacobian, jvp, vjp } from "./differentiate.ts";
