// Predictor: a model with its weights on an executor, and nothing that trains it.
import { aFunction, checkOptions, isRecord, must } from "../check.ts";
import { type ArrayLikeData, array, type NumericArray } from "../data/array.ts";
import { DisposedError } from "../errors.ts";
import { aLayer, type Layer, variables } from "../nn/module.ts";
import { anExecutor } from "../runtime/arguments.ts";
import { createExecutor } from "../runtime/create.ts";
import type { Executor } from "../runtime/executor.ts";
import type { Tensor } from "../tensor.ts";
import type { Variable } from "../variable.ts";
import { advised } from "./advised.ts";
import type { ArraysOf, DataOf } from "./bundle.ts";
import type { Hold } from "./hold.ts";
import { freeing } from "./load.ts";
import { ownState } from "./own-state.ts";
import type { PredictOptions } from "./predict.ts";
import { Prediction } from "./prediction.ts";
import { bytesAsFloats, type Recipe } from "./programs.ts";
import { readState, type StateDict } from "./state.ts";

/** With which weights, and where. */
export interface PredictorOptions<Input = Tensor, X = Input> {
  /** Where it runs. Default: one of its own, as a Trainer's. */
  readonly executor?: Executor;
  /**
   * The model's variables by path, as `loadStateDict` takes them; trainers of the model on this executor share them. Default: the values that
   * are there, else first ones.
   */
  readonly state?: Readonly<Record<string, ArrayLikeData>>;
  /**
   * From rows of x to the model's input, inside the program, as the Trainer's, whose own it does not know. Default: bytes become f32, anything
   * else stays.
   */
  readonly preprocess?: (x: X) => Input;
}

/** Predicts by a model and its weights alone, without loss and optimizer. */
export class Predictor<Input = Tensor, Output = Tensor, X = Input> {
  readonly executor: Executor;
  readonly #ownsExecutor: boolean;
  readonly #variables: ReadonlyMap<string, Variable>;
  readonly #state: Readonly<Record<string, NumericArray>> | undefined;
  readonly #recipe: Pick<Recipe, "model" | "preprocess">;
  readonly #prediction: Prediction;
  #ready: Promise<void> | undefined;
  #hold: Hold | undefined;
  #busy: Promise<unknown> = Promise.resolve();
  #disposal: Promise<void> | undefined;

  /**
   * @throws ArgumentError for what is no model and no state
   *
   * @example
   * import { Predictor } from "simdgrad";
   * import { Linear } from "simdgrad/nn";
   * const predictor = new Predictor(new Linear(1, 1), { state: { weight: [[2]], bias: [1] } });
   * await predictor.predict([[3], [4]]); // => { data: [7, 9], shape: [2, 1] }
   * await predictor.dispose();
   */
  constructor(model: Layer<Input, Output>, options: PredictorOptions<Input, X> = {}) {
    aLayer(model, "Predictor: model");
    const aState = (value: unknown, what: string) => must(isRecord(value), value, what, "an object of arrays by paths");
    checkOptions(options, "Predictor", { executor: anExecutor, state: aState, preprocess: aFunction });
    const { executor, state } = options;
    const { preprocess = bytesAsFloats } = options as { readonly preprocess?: Recipe["preprocess"] };
    this.#variables = variables(model);
    this.#state = state && ownState("Predictor", state, this.#variables);
    this.#ownsExecutor = executor === undefined;
    this.executor = executor ?? createExecutor();
    this.#recipe = { model: model as unknown as Recipe["model"], preprocess };
    this.#prediction = new Prediction({
      executor: this.executor,
      names: new Map(Array.from(this.#variables, ([path, variable]) => [variable, path])),
      recipe: this.#recipe,
    });
  }

  /**
   * The model's outputs for rows of x, any number of them, as `Trainer.predict` gives them.
   * @throws ShapeError, DTypeError where x does not fit the model; ArgumentError, ShapeError where the state does not
   *
   * @example
   * import { Predictor } from "simdgrad";
   * import { Linear } from "simdgrad/nn";
   * const predictor = new Predictor(new Linear(1, 2), { state: { weight: [[2], [3]], bias: [0, 0] } });
   * (await predictor.predict([[3], [-4]], { as: "argmax" })).data; // => [1, 0]
   */
  async predict(x: DataOf<X>, options: PredictOptions<Output> = {}): Promise<ArraysOf<Output>> {
    this.#check();
    let task: () => Promise<unknown>;
    try {
      task = this.#prediction.of(x, options);
    } catch (error) {
      throw await advised(error, { x }, this.#recipe);
    }
    return this.#inTurn(task) as Promise<ArraysOf<Output>>;
  }

  /**
   * The model's variables by path, as `Trainer.stateDict` gives them: also those of layers that were made of others, as by `fuseBatchNorm`.
   *
   * @example
   * import { Predictor } from "simdgrad";
   * import { Linear } from "simdgrad/nn";
   * const predictor = new Predictor(new Linear(1, 1), { state: { weight: [[2]], bias: [1] } });
   * (await predictor.stateDict()).bias; // => { data: [1], shape: [1] }
   */
  async stateDict(): Promise<StateDict> {
    return this.#inTurn(() => readState(this.executor, this.#variables));
  }

  /**
   * Frees what it holds on its executor, and the executor if it made it itself, once nobody else uses that for a model.
   *
   * @example
   * import { Predictor } from "simdgrad";
   * import { relu } from "simdgrad/nn";
   * const predictor = new Predictor(relu);
   * await predictor.dispose();
   * await predictor.predict([[3]]); // => throws DisposedError: the predictor was disposed
   */
  dispose(): Promise<void> {
    const isAlone = this.#hold?.isAlone ?? true;
    this.#disposal ??= this.#ownsExecutor && isAlone ? this.executor.dispose() : this.#free();
    return this.#disposal;
  }

  #free(): Promise<void> {
    return freeing(
      () => this.#busy,
      () => this.#prediction.dispose(),
      async () => this.#hold?.letGo(this.#ownsExecutor),
    );
  }

  #check(): void {
    if (this.#disposal !== undefined) throw new DisposedError("the predictor was disposed");
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    this.#check();
    const result = this.#busy.then(async () => {
      this.#check();
      await this.#begun();
      return task();
    });
    this.#busy = result.catch(() => undefined);
    return result;
  }

  #begun(): Promise<void> {
    this.#ready ??= this.#begin().catch((error: unknown) => {
      this.#ready = undefined; // to be tried again
      throw error;
    });
    return this.#ready;
  }

  async #begin(): Promise<void> {
    const { executor } = this;
    const { model, preprocess } = this.#recipe;
    const isPlain = preprocess === bytesAsFloats;
    const [variables, state] = [this.#variables, this.#state];
    const { begin } = await import("./begin.ts");
    this.#hold = await begin({ name: "Predictor", executor, variables, state, isPlain, model }, array);
  }
}
