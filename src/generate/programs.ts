// Programs of one step, and what they keep: a program a batch and a way to draw, over one state a batch.
import { compile } from "../compile/compile.ts";
import { input } from "../create.ts";
import { ArgumentError, NonFiniteError, ShapeError } from "../errors.ts";
import { KeyValueCache } from "../nn/cache.ts";
import { evaluationContext, forward, type Module } from "../nn/module.ts";
import { topK } from "../ops/sort.ts";
import { ofThisThread, type Program } from "../program/program.ts";
import type { Executor, PlanEntry, ProgramId, TypedArray, Write } from "../runtime/executor.ts";
import { type Shape, showShape } from "../shape.ts";
import { arange, scalar, Tensor } from "../tensor.ts";
import { checkModel } from "../train/check-model.ts";
import type { Assignment } from "../variable.ts";
import { Variable } from "../variable.ts";
import { draw } from "./draw.ts";
import { checkVocabulary, type Generative, type Order } from "./order.ts";

/** What programs of a batch keep. */
class State {
  readonly rows: number;
  readonly cache: KeyValueCache;
  /** All tokens, i32 [capacity, N]. */
  readonly tokens: Variable;
  /** Tokens of each prompt, i32 [N]. */
  readonly lengths: Variable;
  /** 1 where a sequence has ended, f32 [N]. */
  readonly ended: Variable;
  /** The first step whose logits were no numbers, counted from 1; 0 for none. */
  readonly broken: Variable;
  /** What the source was encoded to, by name; "" for one tensor. */
  readonly memory = new Map<string, Variable>();

  constructor(rows: number, capacity: number) {
    const kept = (label: string, shape: Shape, dtype: "i32" | "f32") =>
      new Variable(shape, 0, { dtype, label: `generate.${label}`, trainable: false });
    this.rows = rows;
    this.cache = new KeyValueCache(capacity);
    this.tokens = kept("tokens", [capacity, rows], "i32");
    this.lengths = kept("lengths", [rows], "i32");
    this.ended = kept("ended", [rows], "f32");
    this.broken = kept("broken", [], "i32");
  }

  variables(): Variable[] {
    const { tokens, lengths, ended, broken, memory, cache } = this;
    return [tokens, lengths, ended, broken, ...memory.values(), ...cache.variables().values()];
  }
}

/** A program that is there, with the vocabulary of its model. */
interface Loaded {
  readonly id: ProgramId;
  readonly vocabulary: number;
}

/** Makes so many tokens' steps, and reads tokens [capacity, N] and which rows have ended; the first time it writes what is asked for. */
type Run = (steps: number, isFirst: boolean) => Promise<{ readonly tokens: TypedArray; readonly ended: TypedArray }>;

/** Tokens of a prompt that are read at once, where there are more than some. */
const AT_ONCE = 32;
const LONG = 65;

/** States that are kept, those that were used last. */
const KEPT = 4;

const context = evaluationContext();

export class Programs {
  readonly executor: Executor;
  readonly #model: Generative<unknown>;
  readonly #capacity: number;
  readonly #names: ReadonlyMap<Variable, string>;
  readonly #states = new Map<string, State>();
  readonly #loaded = new Map<string, Loaded>();

  constructor(executor: Executor, model: Generative<unknown>, capacity: number, names: ReadonlyMap<Variable, string>) {
    this.executor = executor;
    this.#model = model;
    this.#capacity = capacity;
    this.#names = names;
  }

  /** What writes tokens for an order. @throws DataError for tokens outside the vocabulary */
  async of(order: Order): Promise<Run> {
    const { prompts, way } = order;
    const { state, key } = await this.#begun(order, prompts.length);
    const { executor } = this;
    const { id, vocabulary } = await this.#program(`${key} ${way}`, state, () => this.#drawing(state, way));
    checkVocabulary(order, vocabulary);
    const slot = (name: string) => ({ program: id, name });
    await this.#source(order, state, key);
    const write = [
      ...beginning(state, prompts),
      ...Object.entries(settingsOf(order)).map(([name, value]) => ({ slot: slot(name), data: [value] })),
    ];
    const read = [state.tokens, state.ended, state.broken].map(({ key: variable }) => ({ variable }));
    const { plan, length } = await this.#prompts(prompts, state, key);
    const run: Run = async (steps, isFirst) => {
      const entries: PlanEntry[] = isFirst ? [...plan, [id, steps - length]] : [[id, steps]];
      const { values } = await executor.run(entries, { urgent: true, read, ...(isFirst && { write }) }).done;
      const [tokens, ended, broken] = values as readonly TypedArray[];
      checkBroken(broken[0]);
      return { tokens, ended };
    };
    return run;
  }

  /**
   * What makes steps of a beam search: from tokens, where each row goes on from and scores to the best of each prompt. So many tokens of the
   * prompts are read by then.
   */
  async search(order: Order): Promise<{ readonly vocabulary: number; readonly length: number; readonly step: Step }> {
    const { beams, prompts } = order;
    const rows = prompts.length * beams;
    const { state, key } = await this.#begun(order, rows);
    const { executor } = this;
    const { id, vocabulary } = await this.#program(`${key} beams ${beams}`, state, () => this.#searching(state, beams));
    checkVocabulary(order, vocabulary);
    await this.#source(order, state, key);
    const all = prompts.flatMap((prompt) => Array.from({ length: beams }, () => prompt));
    const { plan, length } = await this.#prompts(all, state, key);
    const written = [state.cache.position, state.broken, ...(plan.length > 0 ? [state.tokens] : [])];
    await executor.run(plan, { urgent: true, write: beginning(state, all, written) }).done;
    const slot = (name: string) => ({ program: id, name });
    const read = [slot("best"), slot("which"), { variable: state.broken.key }];
    const step: Step = async (tokens, from, scores) => {
      const write = [
        { slot: slot("tokens"), data: tokens },
        { slot: slot("from"), data: from },
        { slot: slot("scores"), data: scores },
      ];
      const { values } = await executor.run([[id, 1]], { urgent: true, write, read }).done;
      const [best, which, broken] = values as readonly TypedArray[];
      checkBroken(broken[0]);
      return { best, which: which as Int32Array };
    };
    return { vocabulary, length, step };
  }

  /** What reads the beginnings of long prompts, many tokens at a time, and how many of each it reads: not the last one. */
  async #prompts(prompts: Order["prompts"], state: State, key: string) {
    const shortest = Math.min(...prompts.map(({ length }) => length));
    if (shortest < LONG) return { plan: [], length: 0 };
    const times = Math.floor((shortest - 1) / AT_ONCE);
    const { id } = await this.#program(`${key} prompts`, state, () => this.#reading(state));
    const plan: PlanEntry[] = [[id, times]];
    return { plan, length: times * AT_ONCE };
  }

  async #begun({ source }: Order, rows: number): Promise<{ readonly state: State; readonly key: string }> {
    checkModel({ model: this.#model, names: this.#names }, "generate", "generator");
    const key = `${rows} of ${source === undefined ? "no source" : `${source.dtype} ${source.shape.slice(1)}`}:`;
    const state = this.#states.get(key) ?? new State(rows, this.#capacity);
    this.#states.delete(key);
    for (const old of [...this.#states.keys()].slice(0, Math.max(0, this.#states.size + 1 - KEPT)))
      await this.#drop(old);
    this.#states.set(key, state);
    if (source !== undefined)
      await this.#program(`${key} source`, state, () =>
        this.#encoding(state, [rows, ...source.shape.slice(1)], source.dtype),
      );
    return { state, key };
  }

  /** Encodes a source, a row for each of the state's: of a beam search several times. */
  async #source({ source, beams }: Order, { rows }: State, key: string): Promise<void> {
    if (source === undefined) return;
    const { id } = this.#loaded.get(`${key} source`) as Loaded;
    const width = source.data.length / source.shape[0];
    const data = new (source.data.constructor as new (length: number) => TypedArray)(rows * width);
    for (let row = 0; row < rows; row++) {
      const from = Math.floor(row / beams) * width;
      data.set(source.data.subarray(from, from + width), row * width);
    }
    await this.executor.run([[id, 1]], { urgent: true, write: [{ slot: { program: id, name: "source" }, data }] }).done;
  }

  async #program(
    key: string,
    state: State,
    make: () => { readonly program: Program; readonly vocabulary: number },
  ): Promise<Loaded> {
    const known = this.#loaded.get(key);
    if (known !== undefined) return known;
    try {
      const { program, vocabulary } = make();
      const fresh = new Set(state.variables().map((variable) => variable.key));
      const needs = program.variables.map((variable) => variable.key).filter((each) => !fresh.has(each));
      const loaded = { id: await this.#load(ofThisThread({ ...program, needs })), vocabulary };
      this.#loaded.set(key, loaded);
      return loaded;
    } catch (error) {
      // A cache in the midst of a pass, or of things that were never made, serves nobody.
      for (const [name, each] of [...this.#states]) if (each === state) await this.#drop(name).catch(() => undefined);
      throw error;
    }
  }

  /** @throws ArgumentError naming a variable that the model hides: it would silently be zero */
  async #load(program: Program): Promise<ProgramId> {
    try {
      return await this.executor.load(program);
    } catch (error) {
      if (!(error instanceof ArgumentError)) throw error;
      throw new ArgumentError(
        `generate: ${error.message}: it is in no field of the model (private ones and closures hide theirs)`,
      );
    }
  }

  /** The program that encodes a source: it makes what all steps read. */
  #encoding(state: State, shape: Shape, dtype: Tensor["dtype"]) {
    const source = input(shape, dtype, "source");
    const encode = this.#model.encode as NonNullable<Generative<unknown>["encode"]>;
    const memory = encode.call(this.#model, source, context);
    const parts = memory instanceof Tensor ? { "": memory } : Object(memory);
    const kept: Assignment[] = [];
    for (const [name, value] of Object.entries(parts)) {
      if (!(value instanceof Tensor))
        throw new ArgumentError("generate: encode must give a tensor, or a record of tensors");
      const label = `generate.memory.${name}`;
      const variable = new Variable(value.shape, 0, { dtype: value.dtype, label, trainable: false });
      state.memory.set(name, variable);
      kept.push([variable, value]);
    }
    const { vocabulary } = this.#logits(state, arange(state.rows).mul(0).unsqueeze(-1), memory);
    const assignments = [...kept, ...state.cache.assignments("once")];
    return { program: this.#compiled({ source }, {}, assignments), vocabulary };
  }

  /** Logits [N, vocabulary] behind the last of the tokens [N, T] that a step reads. @throws ShapeError for others */
  #logits(state: State, tokens: Tensor, memory: unknown) {
    const given = { tokens, cache: state.cache, memory };
    const logits = forward(this.#model as Module<typeof given, Tensor>, given, context);
    const [rows, length] = tokens.shape;
    const shape = logits instanceof Tensor ? logits.shape : [];
    if (shape.length !== 3 || shape[0] !== rows || shape[1] !== length)
      throw new ShapeError(
        `generate: the model must give logits [N, T, vocabulary] for tokens ${showShape(tokens.shape)}, got ${logits instanceof Tensor ? showShape(shape) : typeof logits}`,
      );
    const vocabulary = shape[2];
    return { logits: logits.narrow(1, length - 1, 1).reshape([rows, vocabulary]), vocabulary };
  }

  #kept({ memory }: State): unknown {
    return memory.has("") ? memory.get("") : memory.size === 0 ? undefined : Object.fromEntries(memory);
  }

  /** The program that reads a token of each sequence and writes the next, where the prompt has none. */
  #drawing(state: State, way: Order["way"]) {
    const { cache, tokens, lengths, ended, broken } = state;
    const at = cache.position;
    const { logits, vocabulary } = this.#logits(state, tokens.gather(at).unsqueeze(-1), this.#kept(state));
    const inputs = {
      end: input([], "i32", "end"),
      ...(way !== "greedy" && {
        temperature: input([], "f32", "temperature"),
        low: input([], "i32", "low"),
        high: input([], "i32", "high"),
      }),
      ...(way === "likely" && { topK: input([], "i32", "topK"), topP: input([], "f32", "topP") }),
    };
    const { end, temperature = scalar(1), low = end, high = end, topK = end, topP = temperature } = inputs;
    const drawn = draw(logits, way, { temperature, topK, topP, seeds: [low, high] }, at);
    const isNew = lengths.less(at.add(2)); // the next place is behind the prompt
    const isNext = arange(cache.capacity).equal(at.add(1)).unsqueeze(-1);
    const assignments: Assignment[] = [
      [tokens, isNext.mul(isNew).select(ended.select(end, drawn), tokens)],
      [ended, ended.maximum(isNew.mul(drawn.equal(end)))],
      [broken, firstBroken(broken, logits, at)],
      ...movedOn(cache),
    ];
    return { program: this.#compiled(inputs, {}, assignments), vocabulary };
  }

  /** The program that reads tokens of prompts, and gives nothing: what they leave in the cache. */
  #reading(state: State) {
    const { cache, tokens } = state;
    const own = tokens.gather(arange(AT_ONCE).add(cache.position)).transpose();
    const { vocabulary } = this.#logits(state, own, this.#kept(state));
    return { program: this.#compiled({}, {}, movedOn(cache, AT_ONCE)), vocabulary };
  }

  /** The program of a step of a beam search. */
  #searching(state: State, beams: number) {
    const { cache, broken, rows } = state;
    const [tokens, from] = ["tokens", "from"].map((name) => input([rows], "i32", name));
    const scores = input([rows], "f32", "scores");
    cache.reorder(from);
    const { logits, vocabulary } = this.#logits(state, tokens.unsqueeze(-1), this.#kept(state));
    const all = logits.logSoftmax(-1).add(scores.unsqueeze(-1));
    const { values, indices } = topK(all.reshape([rows / beams, beams * vocabulary]), Math.min(2, vocabulary) * beams);
    const assignments: Assignment[] = [[broken, firstBroken(broken, logits, cache.position)], ...movedOn(cache)];
    const program = this.#compiled({ tokens, from, scores }, { best: values, which: indices }, assignments);
    return { program, vocabulary };
  }

  #compiled(
    inputs: Readonly<Record<string, Tensor>>,
    outputs: Readonly<Record<string, Tensor>>,
    assignments: readonly Assignment[],
  ): Program {
    return compile({ inputs, outputs, assignments, names: this.#names });
  }

  /** Frees the programs of a state, and what they keep. */
  async #drop(key: string): Promise<void> {
    const state = this.#states.get(key);
    this.#states.delete(key);
    for (const [name, { id }] of [...this.#loaded])
      if (name.startsWith(`${key} `)) {
        this.#loaded.delete(name);
        await this.executor.unload(id);
      }
    for (const variable of state?.variables() ?? [])
      await this.executor.forget(variable.key).catch((error: unknown) => {
        if (!(error instanceof ArgumentError)) throw error; // else no program has named it
      });
  }

  /** Frees all programs, and what they keep. */
  async dispose(): Promise<void> {
    for (const key of [...this.#states.keys()]) await this.#drop(key);
  }
}

/** One step of a beam search. */
export type Step = (
  tokens: Int32Array,
  from: Int32Array,
  scores: Float32Array,
) => Promise<{ readonly best: TypedArray; readonly which: Int32Array }>;

/** What a step leaves in the cache, also of a model that never asks it for anything. */
function movedOn(cache: KeyValueCache, length = 1): Assignment[] {
  const assignments = cache.assignments();
  const { position } = cache;
  return assignments.some(([each]) => each === position)
    ? assignments
    : [...assignments, [position, position.add(length)]];
}

function firstBroken(broken: Tensor, logits: Tensor, at: Tensor): Tensor {
  const largest = logits.max(); // of numbers and -Infinity, by which a model rules tokens out
  return largest.sub(largest).notEqual(0).mul(broken.equal(0)).select(at.add(1), broken);
}

/** @throws NonFiniteError where a step was broken */
function checkBroken(broken: number): void {
  if (broken === 0) return;
  throw new NonFiniteError(
    `generate: the model gives logits that are NaN or infinite for token ${broken - 1}; places beyond the rows of a table are NaN`,
    broken - 1,
  );
}

/** What the program of an order's way is told, by the names of its inputs. */
function settingsOf({ way, end, temperature, topK, topP, seed }: Order): Readonly<Record<string, number>> {
  const drawn = { temperature, low: seed | 0, high: Math.floor(seed / 2 ** 32) | 0 };
  if (way === "greedy") return { end };
  return way === "any" ? { end, ...drawn } : { end, ...drawn, topK, topP };
}

/** What a state, or some of its variables, is at the beginning of an order. */
function beginning(
  { cache, tokens, lengths, ended, broken, rows }: State,
  prompts: Order["prompts"],
  some?: readonly Variable[],
): Write[] {
  const all = new Int32Array(cache.capacity * rows);
  for (const [row, prompt] of prompts.entries())
    for (const [at, token] of prompt.entries()) all[at * rows + row] = token;
  const written: readonly (readonly [Variable, ArrayLike<number>])[] = [
    [cache.position, [0]],
    [tokens, all],
    [lengths, prompts.map(({ length }) => length)],
    [ended, new Float32Array(rows)],
    [broken, [0]],
  ];
  const wanted = written.filter(([variable]) => some === undefined || some.includes(variable));
  return wanted.map(([{ key: variable }, data]) => ({ slot: { variable }, data }));
}
