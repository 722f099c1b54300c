/// <reference lib="esnext.disposable" preserve="true" />
// Trainer: a model with its loss, optimizer, data and executor. It builds programs and runs them; the numbers live on the executor.
import { aBoolean, anInteger, aText, aWholeNumber, checkOptions, isRecord, must } from "../check.ts";
import { type ArrayLikeData, array, checkClasses } from "../data/array.ts";
import { ArgumentError, DataError, DisposedError } from "../errors.ts";
import { aLayer, type Layer, parameters, variables } from "../nn/module.ts";
import { checkHyperparameter } from "../optim/hyperparameter.ts";
import type { Program } from "../program/program.ts";
import { createExecutor } from "../runtime/create.ts";
import type { Executor, ProgramId } from "../runtime/executor.ts";
import { Tensor } from "../tensor.ts";
import type { Variable } from "../variable.ts";
import { advised } from "./advised.ts";
import { type ArraysOf, type Bundle, copied, type DataOf, isOne, several, shareOf } from "./bundle.ts";
import { type CheckedSamples, checkSamples, type Dataset, release, type Samples } from "./dataset.ts";
import type { Failure } from "./failure.ts";
import type { GivenState } from "./first-values.ts";
import { Fit, type FitState, FRAME, type Measures, type Reporting, type ReportOf } from "./fit.ts";
import { copyOf, type Epoch, type History, newHistory } from "./history.ts";
import type { Hold } from "./hold.ts";
import { freeing, loadProgram, orElse } from "./load.ts";
import type { Measurer } from "./measure.ts";
import { type Losses, namedBy } from "./objectives.ts";
import { ofOneRow } from "./one-row.ts";
import { checkFitOptions, checkTrainerOptions, type FitOptions, STREAM, type TrainerOptions } from "./options.ts";
import { ownState } from "./own-state.ts";
import type { Streamed } from "./place.ts";
import type { Workshop } from "./plan.ts";
import type { PredictOptions } from "./predict.ts";
import { Prediction } from "./prediction.ts";
import { bytesAsFloats, inputsOf, lossValue, newCounters, predictorOf, type Recipe } from "./programs.ts";
import { type LoadStateOptions, readState, type StateDict, type StateDifference } from "./state.ts";
import type { Begun } from "./trial.ts";

/**
 * Trains a model: load data, fit, evaluate, predict. Wherever the executor runs, the code is the same. What the model takes and gives may be
 * a tensor, or a record or a list of tensors.
 */
export class Trainer<Input = Tensor, Output = Tensor, Target = Output, X = Input> {
  readonly executor: Executor;
  #recipe: Recipe;
  readonly #finite: boolean;
  readonly #state: ReadonlyMap<string, Variable>;
  readonly #hyperparameters: ReadonlyMap<string, Variable>;
  readonly #programs = new Map<string, Promise<ProgramId>>();
  readonly #sources = new Map<ProgramId, Program>();
  readonly #ownsExecutor: boolean;
  readonly #prediction: Prediction;
  #ready: Promise<void> | undefined;
  /** Once it is ready: its variables. */
  #hold: Hold | undefined;
  #data: Dataset | undefined;
  /** What was asked to be loaded last, by which it is known whether it is what is loaded. */
  #asked: CheckedSamples | undefined;
  #loaded: CheckedSamples | undefined;
  /** The fit under way, from the beginning of its preparation to its end. */
  #fit: FitState | undefined;
  /** The stream that the counters count in, if it is one, and slots for rows of such. */
  #streamed: Streamed | undefined;
  readonly #kept: Workshop["kept"] = {};
  /** Whether the counters count in the data, and not in what is to be loaded after a snapshot was restored. */
  #counting = false;
  /** What measured last: samples of the same shape take the place of its own. */
  #evaluation: Measurer | undefined;
  #failure: Failure | undefined;
  #history: History = newHistory();
  /** What came with the first data. */
  #loader: typeof import("./upload.ts") | undefined;
  #workshop: Workshop;
  #busy: Promise<unknown> = Promise.resolve();
  #disposal: Promise<void> | undefined;

  /**
   * @throws ArgumentError for a model without parameters, for a hyper-parameter that is no scalar or is trained
   *
   * @example
   * import { JsExecutor, Trainer } from "simdgrad";
   * import { Linear, mseLoss } from "simdgrad/nn";
   * import { sgd } from "simdgrad/optim";
   * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1), executor: new JsExecutor() });
   * await trainer.load({ x: [[0], [1], [2]], y: [[1], [3], [5]] });
   * for await (const { loss } of trainer.fit({ batch: "all", epochs: 200 })) loss >= 0;
   * const { data } = await trainer.predict([[3]]);
   * Math.round(data[0]); // => 7
   * await trainer.dispose();
   */
  constructor(model: Layer<Input, Output>, options: TrainerOptions<Input, Output, Target, X>) {
    aLayer(model, "Trainer: model");
    checkTrainerOptions(options as TrainerOptions);
    const trained = parameters(model);
    if (trained.size === 0)
      throw new ArgumentError(
        "Trainer: the model has no parameters to train in its fields (private ones and closures hide theirs)",
      );
    const { optimizer, seed = 0 } = options;
    const { loss, lossWeights, classWeight, transform, preprocess = bytesAsFloats, metrics } = options as Given;
    const state = optimizer.init([...trained.values()]);
    const counters = newCounters();
    const { hyperparameters = {} } = options;
    this.#hyperparameters = new Map(Object.entries(hyperparameters));
    for (const [name, { shape, dtype, trainable }] of this.#hyperparameters)
      if (shape.length > 0 || dtype !== "f32" || trainable)
        throw new ArgumentError(`Trainer: hyperparameters.${name} was not made by hyperparameter()`);
    const own = [...variables(model), ...variables({ optimizer: state, counters, hyperparameters })];
    // One name each: a hyper-parameter that a layer holds is found twice.
    const names = new Map(own.map(([path, variable]) => [variable, path]));
    this.#state = new Map(Array.from(names, ([variable, path]) => [path, variable]));
    this.#recipe = {
      model: model as unknown as Recipe["model"],
      loss: typeof loss === "function" ? loss : (several(loss, (each) => each) as Losses),
      lossWeights: copied(lossWeights),
      classWeight: copied(classWeight),
      transform,
      optimizer,
      state,
      counters,
      seed,
      evaluationBatch: options.evaluationBatch,
      parameters: trained,
      ...namedBy(loss, metrics),
      preprocess,
      names,
    };
    this.#finite = options.checkFinite ?? true;
    this.#ownsExecutor = options.executor === undefined;
    this.executor = options.executor ?? createExecutor();
    this.#prediction = new Prediction({
      executor: this.executor,
      names,
      recipe: this.#recipe,
      loss: this.#recipe.loss,
      trained: this.#recipe,
    });
    this.#workshop = {
      executor: this.executor,
      recipe: this.#recipe,
      minimizer: optimizer.minimizer?.(),
      program: (key, make) => this.#program(key, make),
      exclusive: (task) => this.#inTurn(task),
      begins: (stream) => {
        this.#counting = true;
        this.#streamed = stream;
      },
      streamed: () => this.#streamed,
      checked: (given) => checkSamples(given, this.#recipe.loss, this.#finite, array),
      kept: this.#kept,
      forget: (prefix) => this.#forgetPrograms(prefix),
      failed: (failure) => {
        this.#failure = failure;
      },
    };
  }

  /**
   * Uploads the training data, once; it replaces what was loaded before, which is gone if the executor has no room for the new. Data of the
   * same shapes and dtypes needs no new programs. Class targets become i32. An epoch under way ends with the data it is of.
   * @throws DataError, ShapeError, DTypeError naming what does not fit; ArgumentError while a fit is under way
   *
   * @example
   * import { Trainer } from "simdgrad";
   * import { Linear, mseLoss } from "simdgrad/nn";
   * import { sgd } from "simdgrad/optim";
   * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1) });
   * await trainer.load({ x: [[0], [1], [2]], y: [[1], [3], [5]] });
   * trainer.stepProgram(3).outputs[0].name; // => "loss"
   */
  async load(samples: Samples<X, Target>): Promise<void> {
    this.#check();
    this.#checkIdle("load");
    let given: Checked;
    try {
      given = this.#checked(samples);
    } catch (error) {
      throw await advised(error, samples, this.#recipe);
    }
    const { checked, begun } = given;
    this.#asked = checked;
    const isNew = this.#ready === undefined;
    const loading = this.#inTurn(async () => {
      this.#loader = await import("./upload.ts");
      const { endEpoch, fill, fits, tryAll, upload } = this.#loader;
      tryAll(this.#recipe, checked, begun, isNew);
      const place = this.#data && fits(this.#data, checked) ? this.#data : undefined; // programs go on with it
      if (place === undefined) await this.#unload();
      this.#loaded = undefined;
      this.#failure = undefined; // it was a failure on other data
      await orElse(
        async () => {
          if (this.#counting) {
            await endEpoch(this.executor, this.#recipe.counters);
            this.#streamed = undefined;
          }
          this.#counting = false;
          if (place !== undefined) await fill(this.executor, place, checked);
          else this.#data = await upload(this.executor, checked, "data");
        },
        () => this.#unload(),
      );
      this.#loaded = checked;
    });
    await orElse(
      () => loading,
      async () => {
        if (this.#asked === checked) this.#asked = undefined;
      },
    );
  }

  /** Lets go of the data, before others take its place. */
  async #unload(): Promise<void> {
    const data = this.#data;
    this.#data = undefined;
    await this.#forgetPrograms("step ");
    if (data !== undefined) await release(this.executor, data);
  }

  /**
   * Trains, on what was loaded or on `data` of any size: await it for the history, or iterate over it for reports. One that is neither awaited
   * nor iterated over does nothing. Leaving the loop, an abort or stop() ends it at a step boundary.
   * One fit at a time: it is under way from the first report that is asked for, or from when it is awaited, until it has ended.
   * @throws ArgumentError, DataError for options that do not fit the data; ArgumentError while another fit is under way; NonFiniteError with
   * the step once the loss is NaN or infinite
   *
   * @example
   * import { Trainer } from "simdgrad";
   * import { Linear, mseLoss } from "simdgrad/nn";
   * import { sgd } from "simdgrad/optim";
   * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1) });
   * await trainer.load({ x: [[0], [1], [2]], y: [[1], [3], [5]] });
   * const history = await trainer.fit({ batch: 2, epochs: 20 });
   * history[19].loss < history[0].loss; // => true
   * let steps = 0;
   * for await (const { losses } of trainer.fit({ batch: 2, epochs: 5 })) steps += losses.length;
   * steps; // => 10
   */
  fit<R extends Reporting = "frame">(options: FitOptions<R, X, Target> = {}): Fit<ReportOf<R>> {
    this.#check();
    this.#checkIdle("fit");
    const samples = this.#asked;
    const stream = STREAM.some((name) => options?.[name] !== undefined) && { ...options };
    if (samples === undefined && !stream) throw new DataError("fit: load data first: trainer.load({ x, y })");
    this.#loader?.checkNames(options);
    checkFitOptions(options as FitOptions);
    const {
      epochs = 1,
      lastBatch = "keep",
      shuffle = true,
      validation,
      signal,
      report = "frame" as R,
      lockstep = false,
      callbacks: given = [],
      distribute = [],
      batchSize,
      batch: asked = batchSize,
    } = options;
    const callbacks = given.concat(distribute);
    const rows = stream || samples === undefined ? Number.POSITIVE_INFINITY : samples.rows;
    if (batchSize !== undefined && asked !== batchSize)
      throw new ArgumentError(`fit: batch is ${asked} and batchSize is ${batchSize}: give one of them`);
    const batch = asked === "all" ? rows : (asked ?? Math.min(32, rows));
    if (batch > rows) throw new DataError(`fit: a batch of ${batch} is larger than the data of ${rows} rows`);
    const check = () => (validation ? this.#checked(validation) : undefined);
    const { checked: held, begun } = this.#loader?.ofValidation(validation, check) ?? check() ?? {};
    const course = { batch, epochs, lastBatch, shuffle, held };
    const ending = [distribute, given].flat();
    const telling = { report, lockstep, callbacks, ending, trainer: this as unknown as Trainer };
    const prepare = async (fit: FitState) => {
      const { checkTrained, ofValidation, tryRest } = await import("./upload.ts");
      checkTrained(this.#recipe);
      this.#hold?.tell("fit");
      this.#hold?.give("training");
      if (held) ofValidation(validation, () => tryRest(this.#recipe, held, begun));
      if (stream) {
        const { streamPlanOf, Training } = await import("./stream.ts");
        const plan = await streamPlanOf(this.#workshop, stream, course);
        return new Training<ReportOf<R>>(plan, telling, this.#history, fit);
      }
      const { planOf, Training } = await import("./plan.ts");
      const data = samples === this.#loaded ? this.#data : undefined;
      return new Training<ReportOf<R>>(await planOf(this.#workshop, data, course), telling, this.#history, fit);
    };
    return new Fit<ReportOf<R>>({
      prepare: (fit) => this.#inTurn(() => prepare(fit)),
      hold: (...fit) => this.#fitting(...fit),
      signal,
      pace: report === "frame" && !lockstep ? FRAME : 0,
      history: () => this.history,
    });
  }

  async #fitting(fit: FitState, train: () => Promise<void>): Promise<void> {
    this.#checkIdle("fit");
    this.#fit = fit;
    try {
      await train();
    } finally {
      this.#fit = undefined;
    }
  }

  /**
   * The epochs that were trained, over all fits: a copy, plain data. Part of a snapshot. Of more than 65,536 the oldest may be gone.
   *
   * @example
   * import { Trainer } from "simdgrad";
   * import { Linear, mseLoss } from "simdgrad/nn";
   * import { sgd } from "simdgrad/optim";
   * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1) });
   * await trainer.load({ x: [[0], [1], [2]], y: [[1], [3], [5]] });
   * await trainer.fit({ epochs: 2 });
   * await trainer.fit();
   * trainer.history.map(({ epoch }) => epoch); // => [1, 2, 3]
   */
  get history(): Epoch[] {
    return this.#history.epochs.map(copyOf);
  }

  /**
   * What everything random follows from, with the counters: that of the options, or of the latest `reset`.
   *
   * @example
   * import { Trainer } from "simdgrad";
   * import { Linear, mseLoss } from "simdgrad/nn";
   * import { sgd } from "simdgrad/optim";
   * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1), seed: 7 });
   * trainer.seed; // => 7
   */
  get seed(): number {
    return this.#recipe.seed;
  }

  /**
   * What it makes its programs of. For tools that look into a training, as those of simdgrad/insight do; what is in it may change from one
   * version to the next.
   *
   * @example
   * import { Trainer } from "simdgrad";
   * import { Linear, mseLoss } from "simdgrad/nn";
   * import { sgd } from "simdgrad/optim";
   * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1) });
   * [...trainer.workshop.recipe.parameters.keys()]; // => ["weight", "bias"]
   */
  get workshop(): Workshop {
    return this.#workshop;
  }

  /** What a fit relies on stays as it is while it goes on. What was asked for before it is done before it: see #inTurn. */
  #checkIdle(name: string): void {
    if (this.#fit !== undefined) throw new ArgumentError(`${name}: stop the fit first, and wait: await fit.stop()`);
  }

  /**
   * Loss and metrics over samples, without training on them: what they would be if all rows were one batch. What is a function of sums over
   * rows, as this library's losses and their combinations are, is made of the sums over all rows; anything else is averaged over batches
   * (`evaluationBatch`), each weighed by its rows.
   * @throws DataError, ShapeError, DTypeError naming what does not fit
   *
   * @example
   * import { Trainer } from "simdgrad";
   * import { Linear, mseLoss } from "simdgrad/nn";
   * import { sgd } from "simdgrad/optim";
   * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1) });
   * await trainer.loadStateDict({ weight: [[2]], bias: [1] });
   * await trainer.evaluate({ x: [[3], [4]], y: [[7], [8]] }); // => { loss: 0.5 }
   */
  async evaluate(samples: Samples<X, Target>): Promise<Measures> {
    this.#check();
    let given: Checked;
    try {
      given = this.#checked(samples);
    } catch (error) {
      throw await advised(error, samples, this.#recipe);
    }
    const { checked, begun } = given;
    return this.#inTurn(async () => {
      this.#hold?.tell("evaluate");
      const { evaluate, tryRest } = await import("./measure.ts");
      tryRest(this.#recipe, checked, begun);
      const kept = this.#evaluation;
      this.#evaluation = undefined;
      const { measurer, measures } = await evaluate(this.executor, this.#recipe, checked, kept);
      this.#evaluation = measurer;
      return measures;
    });
  }

  /**
   * The model's outputs for rows of x, any number of them. A model that mixes rows, as by a mean over them, sees these and no others.
   * While training goes on, all rows are predicted at one moment, unless they are so many that a step of them would take long (about 2^25
   * numbers and weights); `together` wants one moment whatever it takes. `as: "softmax"` gives probabilities of classes, `"argmax"` indices, `"sigmoid"` the
   * probability of each logit.
   * @throws ShapeError, DTypeError where x does not fit the model
   *
   * @example
   * import { Trainer } from "simdgrad";
   * import { Linear, mseLoss } from "simdgrad/nn";
   * import { sgd } from "simdgrad/optim";
   * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1) });
   * await trainer.loadStateDict({ weight: [[2]], bias: [1] });
   * await trainer.predict([[3], [4]]); // => { data: [7, 9], shape: [2, 1] }
   * (await trainer.predict([[-0.5]], { as: "sigmoid" })).data; // => [0.5]
   */
  async predict(x: DataOf<X>, options: PredictOptions<Output> = {}): Promise<ArraysOf<Output>> {
    this.#check();
    let task: ReturnType<Prediction["of"]>;
    try {
      task = this.#prediction.of(x, options);
    } catch (error) {
      throw await advised(error, { x }, this.#recipe);
    }
    return this.#inTurn(() => {
      this.#hold?.tell("predict");
      return task();
    }) as Promise<ArraysOf<Output>>;
  }

  /**
   * The model's variables by path: PyTorch's names, shapes and layouts. `averaged` gives what an optimizer like `ema` or `swa` predicts
   * with in the place of the parameters.
   * @throws ArgumentError where the model was changed since the trainer was made, as by `mergeLora`
   *
   * @example
   * import { Trainer } from "simdgrad";
   * import { Linear, mseLoss } from "simdgrad/nn";
   * import { sgd } from "simdgrad/optim";
   * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1) });
   * const { weight } = await trainer.stateDict();
   * weight.shape; // => [1, 1]
   */
  async stateDict(options: { readonly averaged?: boolean } = {}): Promise<StateDict> {
    this.#check();
    checkOptions(options, "stateDict", { averaged: aBoolean });
    const { averaged = false } = options;
    return this.#inTurn(async () => {
      this.#hold?.tell("stateDict");
      return (await import("./model-state.ts")).modelState(this.executor, this.#recipe, averaged);
    });
  }

  /**
   * Replaces the model's variables. Averages of parameters, and the slow weights of `lookahead`, begin anew there. `prefix` is what the
   * names in the state begin with before the model's paths, such as `module.`; with `strict: false` what is missing stays as it is, and what is
   * unknown is left out. What went through JSON is taken, too.
   * @throws ArgumentError for missing or unknown paths, unless `strict` is false, for what is no number, and for values of a shared variable
   * that differ from path to path; ShapeError for other shapes
   * @returns paths of the model that the state lacks, and names in it that the model lacks
   *
   * @example
   * import { Trainer } from "simdgrad";
   * import { Linear, mseLoss } from "simdgrad/nn";
   * import { sgd } from "simdgrad/optim";
   * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1) });
   * await trainer.loadStateDict({ weight: [[2]], bias: [1] });
   * const { bias } = await trainer.stateDict();
   * bias.data; // => [1]
   * const state = { "module.weight": [[3]], step: [7] };
   * await trainer.loadStateDict(state, { strict: false, prefix: "module." }); // => { missing: ["bias"], unknown: ["step"] }
   */
  async loadStateDict(
    state: Readonly<Record<string, ArrayLikeData>>,
    options: LoadStateOptions = {},
  ): Promise<StateDifference> {
    this.#check();
    checkOptions(options, "loadStateDict", { strict: aBoolean, prefix: aText });
    const { strict = true, prefix = "" } = options;
    const own = ownState("loadStateDict", state, variables(this.#recipe.model), prefix, strict);
    const { optimizer, state: kept, parameters: trained } = this.#recipe;
    const restarts = optimizer.restarts?.(kept, [...trained.values()]) ?? [];
    const anew = restarts.map(({ key }) => ({ slot: { variable: key }, data: [0] }));
    const check = async () => {
      const { checkState } = await import("./check-state.ts");
      const recipe = this.#recipe;
      return checkState("loadStateDict", own, variables(recipe.model), array, { prefix, strict, ...recipe });
    };
    return this.#inTurn(async () => {
      const { writes, difference } = await check();
      await this.executor.writeAll([...writes, ...anew]);
      this.#hold?.give("state");
      return difference;
    }, check);
  }

  /**
   * All that a training consists of at one step boundary: the model's variables, the optimizer's state, counters, hyper-parameters, and the
   * history of the epochs before it. Plain data, also while training runs.
   * @throws ArgumentError for an optimizer of your own that keeps state outside of variables, and does not tell it
   *
   * @example
   * import { Trainer } from "simdgrad";
   * import { Linear, mseLoss } from "simdgrad/nn";
   * import { adam } from "simdgrad/optim";
   * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: adam(0.1) });
   * const snapshot = await trainer.snapshot();
   * Object.keys(snapshot).includes("counters.epoch"); // => true
   * await trainer.restore(snapshot);
   */
  async snapshot(): Promise<StateDict> {
    this.#check();
    return this.#inTurn(async () => {
      this.#hold?.tell("snapshot");
      const { pastState } = await import("./saved-history.ts");
      const state = await readState(this.executor, this.#state);
      this.#fit?.training?.note(); // what the executor has told of by now
      return pastState(this.#history, this.#streamed, this.#workshop, state);
    });
  }

  /**
   * Goes back to a snapshot of this or of an equal trainer: same model, optimizer and seed. The next fit goes on in the middle of an
   * epoch if it was taken there, and gives the bits of a training that was not interrupted.
   * @throws ArgumentError for missing or unknown paths and while a fit is under way, ShapeError for other shapes
   *
   * @example
   * import { Trainer } from "simdgrad";
   * import { Linear, mseLoss } from "simdgrad/nn";
   * import { sgd } from "simdgrad/optim";
   * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1) });
   * await trainer.restore({}); // => throws ArgumentError: restore: missing [weight
   */
  async restore(snapshot: Readonly<Record<string, ArrayLikeData>>): Promise<void> {
    this.#check();
    // The plan of a fit would not meet the end of the epoch that the counters are set to.
    this.#checkIdle("restore");
    must(isRecord(snapshot), snapshot, "restore: the state", "an object of arrays by their paths");
    const isPast = (path: string) => /^(history\.|minimizer\.|stream\.place$)/.test(path) && !this.#state.has(path);
    const [past, now] = [true, false].map((of) => Object.entries(snapshot).filter(([path]) => isPast(path) === of));
    const columns = past.map(([path, given]) => {
      const data = (isRecord(given) ? given.data : (given as unknown)) as Column;
      return [path, data?.slice?.() ?? (data && { ...data })] as const;
    });
    const own = ownState("restore", Object.fromEntries(now), this.#state);
    const check = async () => {
      const { checkState } = await import("./check-state.ts");
      const { pastOf } = await import("./saved-history.ts");
      return { ...pastOf(columns, this.#workshop), ...checkState("restore", own, this.#state, array) };
    };
    await this.#inTurn(async () => {
      const { history, streamed, remember, writes } = await check();
      remember();
      await this.executor.writeAll(writes);
      this.#history = history;
      this.#streamed = streamed;
      this.#counting = false;
      this.#hold?.give("state");
    }, check);
  }

  /**
   * Sets hyper-parameters that the trainer's options named, all at one step boundary, also while training runs.
   * @throws ArgumentError for unknown names and numbers that are not finite
   *
   * @example
   * import { Trainer } from "simdgrad";
   * import { Linear, mseLoss } from "simdgrad/nn";
   * import { hyperparameter, sgd } from "simdgrad/optim";
   * const rate = hyperparameter(0.5);
   * const options = { loss: mseLoss, optimizer: sgd(rate), hyperparameters: { rate } };
   * const trainer = new Trainer(new Linear(1, 1), options);
   * await trainer.setHyperparameters({ rat: 1 }); // => throws ArgumentError: setHyperparameters: rat is none of [rate]
   */
  async setHyperparameters(values: Readonly<Record<string, number>>): Promise<void> {
    this.#check();
    must(isRecord(values), values, "setHyperparameters: values", "an object of numbers by name");
    const known = this.#hyperparameters;
    const writes = Object.entries(values).map(([name, value]) => {
      const variable = known.get(name);
      if (variable === undefined)
        throw new ArgumentError(
          `setHyperparameters: ${name} is none of [${[...known.keys()].join(", ")}]: those of hyperparameter() that the Trainer's option hyperparameters names`,
        );
      checkHyperparameter(value, `setHyperparameters: ${name}`);
      return { slot: { variable: variable.key }, data: [value] };
    });
    await this.#inTurn(() => this.executor.writeAll(writes));
  }

  /**
   * The hyper-parameters as they are.
   *
   * @example
   * import { Trainer } from "simdgrad";
   * import { Linear, mseLoss } from "simdgrad/nn";
   * import { hyperparameter, sgd } from "simdgrad/optim";
   * const rate = hyperparameter(0.5);
   * const options = { loss: mseLoss, optimizer: sgd(rate), hyperparameters: { rate } };
   * await new Trainer(new Linear(1, 1), options).hyperparameters(); // => { rate: 0.5 }
   */
  async hyperparameters(): Promise<Record<string, number>> {
    this.#check();
    const state = await this.#inTurn(() => readState(this.executor, this.#hyperparameters));
    return Object.fromEntries(Object.entries(state).map(([name, { data }]) => [name, data[0]]));
  }

  /**
   * Begins anew on purpose: the model's variables, the optimizer's state, counters and hyper-parameters have their first values, which follow
   * from the seed, as do the order of rows and dropout from then on. So it is for other trainers of the same variables, too.
   * @throws ArgumentError for a seed that is no whole number, and while a fit is under way
   *
   * @example
   * import { Trainer } from "simdgrad";
   * import { Linear, mseLoss } from "simdgrad/nn";
   * import { sgd } from "simdgrad/optim";
   * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1), seed: 1 });
   * const { weight } = await trainer.stateDict();
   * await trainer.reset(2);
   * const other = await trainer.stateDict();
   * await trainer.reset(1);
   * const again = await trainer.stateDict();
   * [other, again].map((state) => state.weight.data[0] === weight.data[0]); // => [false, true]
   */
  async reset(seed: number = this.#recipe.seed): Promise<void> {
    this.#check();
    this.#checkIdle("reset");
    anInteger(seed, "reset: seed");
    await this.#inTurn(async () => {
      const { giveFirstValues } = await import("./first-values.ts");
      await giveFirstValues(this.executor, this.#state, seed);
      for (const kind of ["step ", "stream "]) await this.#forgetPrograms(kind); // they hold the seed
      this.#streamed = undefined;
      this.#recipe = { ...this.#recipe, seed };
      this.#workshop = { ...this.#workshop, recipe: this.#recipe, minimizer: this.#recipe.optimizer.minimizer?.() };
      this.#counting = false;
      this.#history = newHistory();
      this.#failure = undefined;
      this.#hold?.give();
    });
  }

  /**
   * After a NonFiniteError: which instruction first made a NaN or an infinity. It repeats that fit up to the step, and leaves the
   * parameters as they are.
   * @throws ArgumentError while a fit is under way
   * @returns a sentence that names the instruction and what it computes; undefined where no fit failed
   *
   * @example
   * import { Trainer } from "simdgrad";
   * import { Linear, mseLoss } from "simdgrad/nn";
   * import { sgd } from "simdgrad/optim";
   * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(1e30) });
   * await trainer.load({ x: [[0], [1], [2]], y: [[1], [3], [5]] });
   * const train = async () => { for await (const _ of trainer.fit({ batch: "all", epochs: 9 })); };
   * await train(); // => throws NonFiniteError: the loss of step 1 is Infinity
   * const found = await trainer.debugNonFinite();
   * found?.includes("wrote Infinity"); // => true
   */
  async debugNonFinite(): Promise<string | undefined> {
    this.#check();
    this.#checkIdle("debugNonFinite");
    return this.#inTurn(async () => {
      if (this.#failure === undefined) return undefined;
      const { explain } = await import("./explain.ts");
      return explain(this.executor, this.#failure, this.#state.values(), (id) => this.#sources.get(id));
    });
  }

  /**
   * The program of one training step, for printing and profiling.
   * @throws DataError before data is loaded
   *
   * @example
   * import { Trainer } from "simdgrad";
   * import { Linear, mseLoss } from "simdgrad/nn";
   * import { sgd } from "simdgrad/optim";
   * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1) });
   * await trainer.load({ x: [[0], [1], [2]], y: [[1], [3], [5]] });
   * trainer.stepProgram(3).variables.map(({ name }) => name)[0]; // => "weight"
   */
  stepProgram(batch: number): Program {
    const data = this.#data;
    if (data === undefined) throw new DataError("stepProgram: load data first");
    aWholeNumber(1)(batch, "stepProgram: batch");
    const { stepProgram } = this.#loader as typeof import("./upload.ts"); // it came with the data
    return stepProgram(this.#recipe, data, { batch, rows: data.rows, shuffle: true });
  }

  /**
   * Frees what it holds on its executor, and the executor if it made it itself, once nobody else uses that for a model: what the end of
   * `await using` does.
   *
   * @example
   * import { Trainer } from "simdgrad";
   * import { Linear, mseLoss } from "simdgrad/nn";
   * import { sgd } from "simdgrad/optim";
   * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1) });
   * await trainer.dispose();
   * await trainer.predict([[3]]); // => throws DisposedError
   */
  dispose(): Promise<void> {
    const isAlone = this.#hold?.isAlone ?? true;
    this.#disposal ??= this.#ownsExecutor && isAlone ? this.executor.dispose() : this.#free();
    return this.#disposal;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #free(): Promise<void> {
    await freeing(
      async () => this.#fit?.fail(new DisposedError("the trainer was disposed during a fit")),
      () => this.#busy,
      () => this.#forgetPrograms(""),
      () => this.#prediction.dispose(),
      async () => this.#evaluation?.dispose(),
      () => this.#unload(),
      async () => this.#kept.slots?.dispose(),
      async () => this.#hold?.letGo(this.#ownsExecutor),
    );
  }

  #check(): void {
    if (this.#disposal !== undefined) throw new DisposedError("the trainer was disposed");
  }

  /** Samples whose shapes can be trained on. */
  #checked(samples: Samples<unknown, unknown>): Checked {
    const checked = checkSamples(samples, this.#recipe.loss, this.#finite);
    return { checked, begun: this.#try(checked) };
  }

  /**
   * Builds the whole step once for one row, so that every shape is checked before anything runs. What is left is tried in the call's turn
   * (trial.ts): all of it where there are several tensors.
   */
  #try(samples: CheckedSamples): Begun | undefined {
    const { loss } = this.#recipe;
    const { x, y } = samples;
    if (typeof loss !== "function" || !isOne(x) || !isOne(y)) return undefined;
    const trial = ofOneRow(x.shape, (rows) => {
      const row = inputsOf(samples, rows);
      const prediction = predictorOf(this.#recipe)(row.x);
      if (!(prediction instanceof Tensor)) return undefined;
      const value = lossValue(loss, prediction, row.y as Tensor, shareOf(row.sampleWeight, undefined), "y");
      return { x: row.x as Tensor, prediction, value };
    });
    if (trial !== undefined && loss.targets === "classes")
      checkClasses(y, trial.prediction.shape[1] ?? 0, "y", loss.ignoreIndex);
    return trial;
  }

  #initialise(given?: GivenState): Promise<void> {
    this.#ready ??= this.#begin(given).catch((error: unknown) => {
      this.#ready = undefined; // to be tried again
      throw error;
    });
    return this.#ready;
  }

  async #begin(given?: GivenState): Promise<void> {
    const { hold, prepare } = await import("./hold.ts");
    const { giveFirstValues } = await import("./first-values.ts");
    const { seed, preprocess, parameters: trained } = this.#recipe;
    if (preprocess !== bytesAsFloats) prepare(this.executor, trained.values());
    this.#hold = await hold(this.executor, this.#state, (fresh) => giveFirstValues(this.executor, fresh, seed, given));
  }

  /** A program, compiled and loaded once. */
  #program(key: string, make: () => Program): Promise<ProgramId> {
    const known = this.#programs.get(key);
    if (known !== undefined) return known;
    const loading = (async () => {
      const program = make();
      const id = await loadProgram(this.executor, program);
      this.#sources.set(id, program);
      return id;
    })();
    this.#programs.set(key, loading);
    loading.catch(() => {
      if (this.#programs.get(key) === loading) this.#programs.delete(key);
    });
    return loading;
  }

  async #forgetPrograms(prefix: string): Promise<void> {
    for (const [key, id] of [...this.#programs])
      if (key.startsWith(prefix)) {
        this.#programs.delete(key);
        const loaded = await id.catch(() => undefined);
        if (loaded === undefined) continue;
        this.#sources.delete(loaded);
        await this.executor.unload(loaded);
      }
  }

  /**
   * One after the other, in the order of the calls, with first values in place: no step is half done, since one that searches takes its
   * turn, too, and none is lost, since nothing that another one reads is written meanwhile. `given`: values for what has no first ones.
   */
  #inTurn<T>(task: () => Promise<T>, given?: GivenState): Promise<T> {
    const result = this.#busy.then(async () => {
      this.#check();
      await this.#initialise(given);
      return task();
    });
    this.#busy = result.catch(() => undefined);
    return result;
  }
}

/** Samples, and what was tried of them. */
interface Checked {
  readonly checked: CheckedSamples;
  readonly begun: Begun | undefined;
}

/** Options as they are kept, whatever the model takes and gives. */
type Given = Omit<Recipe, "metrics" | "preprocess"> &
  Partial<Pick<Recipe, "preprocess">> & { readonly metrics?: Bundle<unknown> };

/** What a column of the history may be: looked at when it is restored. */
type Column = { slice?(): unknown } | null | undefined;
