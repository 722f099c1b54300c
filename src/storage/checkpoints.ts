// Checkpoints while a fit goes on, and the way back to the newest one.
import { numbersOf } from "../callbacks/known.ts";
import { Monitor, type MonitorOptions, monitorChecks } from "../callbacks/monitor.ts";
import { OfFits } from "../callbacks/of-fits.ts";
import { aBoolean, anObjectWith, aWholeNumber, checkNeeds, checkOptions } from "../check.ts";
import { ArgumentError, DataError } from "../errors.ts";
import { type CallbackState, type Checkpoint, parseCheckpoint, serializeCheckpoint } from "../io/checkpoint.ts";
import type { Json } from "../io/exact-json.ts";
import type { Callback, FitContext } from "../train/callback.ts";
import type { Trainer } from "../train/trainer.ts";
import { aNameBefore, aStorage, type BytesStorage } from "./storage.ts";

/** What is written, where, and how often. */
export interface CheckpointsOptions extends MonitorOptions {
  readonly storage: BytesStorage;
  /** What the names of the checkpoints begin with. Default "checkpoint". */
  readonly name?: string;
  /** After so many epochs, and so many more, or `{ steps }`; default 1. After the last step in any case, where the data tells which it is. */
  readonly every?: number | { readonly steps: number };
  /** The latest ones that stay; default 3. */
  readonly keep?: number;
  /** Only where the monitor is better than at all that were written before in this fit: after epochs. Default false. */
  readonly onlyBest?: boolean;
  /** A fitted preprocessing that goes along. */
  readonly preprocessing?: object;
  /** Whatever else is to be known. */
  readonly notes?: Json;
}

/** How a training goes on. */
export interface ResumeOptions {
  /** False: the callbacks of the next fit begin anew, as those of a fit with other ones. Default true. */
  readonly callbacks?: boolean;
}

/** What is known of a fit. */
interface State {
  readonly monitor: Monitor | undefined;
  epochs: number;
  best: number;
}

/** All callbacks that `checkpoints` made. */
const own = new WeakSet<Callback>();

/** What the next fits of trainers go on with. */
const resumed = new WeakMap<object, Checkpoint>();

const DEFAULT = "checkpoint";
const ENDING = ".safetensors";
const DIGITS = 8;

/**
 * Writes a checkpoint after so many epochs or steps, and after the last ones, and keeps the latest: `name.00000001.safetensors` and so on.
 * The training waits until it is on the disk.
 * @throws ArgumentError for a name that is none, for the best of steps, for a monitor where not the best is kept; when the fit begins, for a
 * monitor that it does not measure
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { Linear, mseLoss } from "simdgrad/nn";
 * import { adam } from "simdgrad/optim";
 * import { checkpoints, memoryStorage, resume } from "simdgrad/storage";
 * const storage = memoryStorage();
 * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: adam(0.1) });
 * await trainer.load({ x: [[0], [1], [2]], y: [[1], [3], [5]] });
 * await resume(trainer, storage); // goes on, or begins
 * await trainer.fit({ epochs: 9 - trainer.history.length, callbacks: [checkpoints({ storage, keep: 2 })] });
 * await storage.list(); // => ["checkpoint.00000008.safetensors", "checkpoint.00000009.safetensors"]
 */
export function checkpoints(options: CheckpointsOptions): Callback {
  checkOptions(
    options,
    "checkpoints",
    {
      ...monitorChecks,
      storage: aStorage,
      name: aBegin,
      every: anInterval,
      keep: aWholeNumber(1),
      onlyBest: aBoolean,
      preprocessing: () => undefined,
      notes: () => undefined,
    },
    "storage",
  );
  checkNeeds(options, "checkpoints", { monitor: "onlyBest", mode: "onlyBest" });
  if (options.onlyBest && typeof options.every === "object")
    throw new ArgumentError(
      "checkpoints: onlyBest goes with every so many epochs: what is measured is of an epoch, not of a step",
    );
  const { storage, name = DEFAULT, every = 1, keep = 3, onlyBest = false, preprocessing, notes } = options;
  serializeCheckpoint({ state: {}, preprocessing, notes }); // told now, not after the first epoch
  const fits = new OfFits<State>();
  const write = async (context: FitContext) => {
    const state = await context.trainer.snapshot();
    const { seed } = context.trainer;
    const bytes = serializeCheckpoint({ state, seed, callbacks: await statesOf(context), preprocessing, notes });
    const before = await writtenOf(storage, name);
    const last = before[before.length - 1] ?? 0;
    await storage.write(fileOf(name, last + 1), bytes);
    for (const old of before.slice(0, Math.max(0, before.length + 1 - keep))) await storage.remove(fileOf(name, old));
  };
  const isBetter = (state: State, value: number) => {
    const better = state.monitor?.isBetter(value, state.best) ?? true;
    if (better) state.best = value;
    return better;
  };
  const callback: Callback = {
    async onFitBegin(context) {
      const monitor = onlyBest ? new Monitor("checkpoints", options, context) : undefined;
      fits.begin(context, { monitor, epochs: 0, best: Number.NaN });
      checkPlace(callback, context);
      if (context.callbacks.findLast((each) => own.has(each)) === callback) await goOn(context);
    },
    state(context) {
      const { epochs, best } = fits.of(context);
      return { values: { epochs, best, step: context.step } };
    },
    restore(given, context) {
      const { epochs, best } = numbersOf("checkpoints", given, "epochs", "best", "step");
      Object.assign(fits.of(context), { epochs, best });
    },
    ...(typeof every === "object" && { every: every.steps, onSteps: write }),
    async onEpochEnd(epoch, context) {
      const state = fits.of(context);
      const { step, totalSteps } = context;
      const isWritten = typeof every === "object" && step % every.steps === 0; // by onSteps
      const isDue = typeof every === "number" && ++state.epochs % every === 0;
      if (isWritten || !(isDue || step >= totalSteps)) return;
      if (isBetter(state, state.monitor?.of(epoch) ?? Number.NaN)) await write(context);
    },
  };
  own.add(callback);
  return callback;
}

/** @throws ArgumentError where the state of one that comes later would be known too early */
function checkPlace(callback: Callback, { callbacks }: FitContext): void {
  const later = callbacks.slice(callbacks.indexOf(callback) + 1);
  if (later.some((each) => each.state !== undefined && !own.has(each)))
    throw new ArgumentError("checkpoints: it comes last in the list of callbacks: it keeps what those before it know");
}

async function statesOf(context: FitContext): Promise<(CallbackState | null)[]> {
  const states: (CallbackState | null)[] = [];
  for (const callback of context.callbacks) states.push((await callback.state?.(context)) ?? null);
  return states;
}

/** Has the callbacks of a fit go on from where its trainer was set back to, if that is where it still is. */
async function goOn(context: FitContext): Promise<void> {
  const { trainer, callbacks } = context;
  const from = resumed.get(trainer);
  if (from?.callbacks === undefined) return;
  if (!isAt(from, await trainer.snapshot())) return void resumed.delete(trainer);
  const states = from.callbacks;
  if (states.length !== callbacks.length || states.some((state, i) => state !== null && !callbacks[i].restore))
    throw new ArgumentError(
      `checkpoints: the checkpoint is of a fit with ${states.length} callbacks, and these ${callbacks.length} are others: give the same list, or resume with { callbacks: false }`,
    );
  const steps = callbacks.flatMap((each, i) => (own.has(each) ? [numberOf(states[i], "step")] : []));
  context.goOn(Math.max(...steps));
  for (const [i, state] of states.entries()) if (state) await callbacks[i].restore?.(state, context);
  resumed.delete(trainer);
}

function numberOf(state: CallbackState | null, name: string): number {
  const { [name]: value } = Object(state?.values) as Readonly<Record<string, unknown>>;
  return typeof value === "number" ? value : 0;
}

/** Whether a training is where a checkpoint was taken, by its counters. */
function isAt({ state }: Checkpoint, now: Checkpoint["state"]): boolean {
  return Object.entries(state).every(
    ([path, { data }]) => !path.startsWith("counters.") || now[path]?.data[0] === data[0],
  );
}

/**
 * Sets a trainer back to the newest checkpoint that is whole: of the same model and optimizer. What is torn or changed is passed over,
 * with a warning. The fit after it goes on where it was taken, with the bits of a training that was not interrupted.
 * So do its callbacks, if they are the same, in the same order, and one is `checkpoints`.
 * @returns what the checkpoint holds, undefined where there is none
 * @throws DataError where there are some, and none is whole; ArgumentError for one of another model, and while a fit is under way
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { Linear, mseLoss } from "simdgrad/nn";
 * import { sgd } from "simdgrad/optim";
 * import { memoryStorage, resume } from "simdgrad/storage";
 * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1) });
 * await resume(trainer, memoryStorage()); // => undefined
 */
export async function resume<Input, Output, Target, X>(
  trainer: Trainer<Input, Output, Target, X>,
  storage: BytesStorage,
  name: string = DEFAULT,
  options: ResumeOptions = {},
): Promise<Checkpoint | undefined> {
  anObjectWith("a trainer", "restore", "snapshot")(trainer, "resume: trainer");
  aStorage(storage, "resume: storage");
  aBegin(name, "resume: name");
  checkOptions(options, "resume", { callbacks: aBoolean });
  const numbers = await writtenOf(storage, name);
  let cause: unknown;
  for (const number of numbers.reverse()) {
    const file = fileOf(name, number);
    const checkpoint = await readWhole(storage, file).catch((error: unknown) => {
      if (!(error instanceof DataError)) throw error;
      cause ??= error;
      console.warn(`simdgrad: ${file} is passed over: ${error.message}`);
    });
    if (!checkpoint) continue;
    await trainer.restore(checkpoint.state);
    if (checkpoint.seed !== undefined && checkpoint.seed !== trainer.seed) {
      await trainer.reset(checkpoint.seed); // only now: it is a checkpoint of this model
      await trainer.restore(checkpoint.state);
    }
    resumed.delete(trainer);
    if (options.callbacks ?? true) resumed.set(trainer, checkpoint);
    return checkpoint;
  }
  if (cause !== undefined) throw new DataError(`resume: no checkpoint called ${name} is whole`, { cause });
  return undefined;
}

/** @throws DataError unless it is whole */
async function readWhole(storage: BytesStorage, file: string): Promise<Checkpoint | undefined> {
  const bytes = await storage.read(file);
  return bytes && parseCheckpoint(bytes);
}

function fileOf(name: string, number: number): string {
  return `${name}.${String(number).padStart(DIGITS, "0")}${ENDING}`;
}

/** A name with room for what follows it in those of files. */
const aBegin = aNameBefore(fileOf("", 1));

/** Of all checkpoints of a name, in their order. */
async function writtenOf(storage: BytesStorage, name: string): Promise<number[]> {
  const numbers = (await storage.list())
    .filter((file) => file.startsWith(`${name}.`) && file.endsWith(ENDING))
    .map((file) => file.slice(name.length + 1, -ENDING.length))
    .filter((digits) => digits.length >= DIGITS && /^\d+$/.test(digits));
  return numbers.map(Number).sort((a, b) => a - b);
}

function anInterval(value: unknown, what: string): void {
  if (typeof value === "object" && value !== null)
    checkOptions(value as { steps: number }, what, { steps: aWholeNumber(1) }, "steps");
  else aWholeNumber(1)(value, what);
}
