// The programs of a training's steps and predictions. With them comes the compiler, so whoever is loaded with the page imports them later.
import { compile } from "../compile/compile.ts";
import type { Program } from "../program/program.ts";
import type { Tensor } from "../tensor.ts";
import { withAverages } from "./averaged.ts";
import type { Dataset } from "./dataset.ts";
import type { Batching, Recipe, Trained } from "./programs.ts";
import { gradientName, type StepGraph, stepGraph } from "./step-graph.ts";

/** One training step: gather, forward, backward, update, count. */
export function stepProgram(recipe: Recipe, data: Dataset, batching: Batching): Program {
  return stepProgramOf(recipe, stepGraph(recipe, data, batching));
}

/** The program of a step's graph. */
export function stepProgramOf(recipe: Recipe, { outputs, gradients, assigned, counted }: StepGraph): Program {
  const { optimizer, state, parameters, names } = recipe;
  const updates = optimizer.update(gradients, state, [...parameters.values()]);
  return compile({ outputs, assignments: [...assigned, ...updates, ...counted], names });
}

/** For optimizers that search: loss and gradients where the parameters are, and what comes after a step. */
export function searchPrograms(recipe: Recipe, { outputs, gradients, assigned, counted }: StepGraph) {
  const { state, names } = recipe;
  const named = Object.fromEntries(gradients.map((gradient, i) => [gradientName(i), gradient]));
  return {
    evaluation: compile({ outputs: { ...outputs, ...named }, names }),
    advance: compile({ assignments: [...assigned, [state.step, state.step.add(1)], ...counted], names }),
  };
}

/** What a model gives for inputs, with averages of parameters in their place where what trains them keeps some. */
export function predictionProgram(
  inputs: Readonly<Record<string, Tensor>>,
  outputs: Readonly<Record<string, Tensor>>,
  names: Recipe["names"],
  trained?: Trained,
): Program {
  return compile({ inputs, outputs: trained ? withAverages(trained, outputs) : outputs, names });
}
