// The front page's network, for whoever makes its programs or writes it into a file.
import { Linear, Sequential, tanh } from "simdgrad/nn";
import { HIDDEN } from "./network.ts";

export function newModel(): Sequential {
  return new Sequential(new Linear(2, HIDDEN), tanh, new Linear(HIDDEN, HIDDEN), tanh, new Linear(HIDDEN, 2));
}
