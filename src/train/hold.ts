// Variables belong to models, not to who trains them: on one executor all who use one hold it together. The first gives it its first value,
// unless it has one there from elsewhere; with the last it goes, unless it was there before. Loaded with the first values; it imports next to
// nothing, or it would cut what it shares out of the core.
import { ArgumentError } from "../errors.ts";
import { endings } from "../runtime/endings.ts";
import type { Executor } from "../runtime/executor.ts";
import type { Variable } from "../variable.ts";

/** A variable of an executor that somebody holds. */
interface Held {
  holders: number;
  /** Whether it was there before anybody held it. */
  readonly isForeign: boolean;
}

interface Holdings {
  readonly held: Map<string, Held>;
  holders: number;
  /** Whether who made the executor for itself has gone: the last one ends it. */
  isLeft: boolean;
  /** One after the other: who comes second finds what the first has made. */
  busy: Promise<unknown>;
}

const holdings = new WeakMap<Executor, Holdings>();

/** Executors on which a variable was given other values than first ones: by a training, or by a state. */
const homes = new WeakMap<Variable, readonly WeakRef<Executor>[]>();

/** Those of them that live, and on which somebody holds it. */
function homesOf(variable: Variable): WeakRef<Executor>[] {
  return (homes.get(variable) ?? []).filter((home) => {
    const executor = home.deref();
    return executor && !endings.has(executor) && holdings.get(executor)?.held.has(variable.key);
  });
}

/** Notes that variables have other values than first ones on an executor, or first ones again. */
function note(executor: Executor, variables: Iterable<Variable>, isGiven: boolean): void {
  for (const variable of variables) {
    const others = homesOf(variable).filter((home) => home.deref() !== executor);
    homes.set(variable, isGiven ? [...others, new WeakRef(executor)] : others);
  }
}

/** Paths of variables to which somebody gave values, all of them on other executors than this one. */
export function elsewhereOf(variables: Iterable<readonly [string, Variable]>, executor?: Executor): string[] {
  return [...variables].flatMap(([path, variable]) => {
    const all = homesOf(variable);
    return all.length > 0 && all.every((home) => home.deref() !== executor) ? [path] : [];
  });
}

/** Says of variables, where there are some, that they have values on another executor, and first ones here. */
export function warnOfOthers(name: string, paths: readonly string[]): void {
  if (paths.length === 0) return;
  console.warn(
    `simdgrad: ${name}: ${firstOf(paths)} have values on another executor, and first ones here: give that one, ` +
      "{ executor: trainer.executor }, or its values, await trainer.stateDict()",
  );
}

/** Says of the variables of a predictor, or a generator, that nobody gave them values. */
export function warnOfFirst(name: string, paths: readonly string[]): void {
  console.warn(
    `simdgrad: ${name}: ${firstOf(paths)} have first values, drawn at random: give it a state, or the executor of their trainer`,
  );
}

/** Says of a predictor that it gives other numbers than the trainer of its variables. */
export function warnOfPreprocess(): void {
  console.warn(
    "simdgrad: Predictor: the trainer of these variables has a preprocess, and this has none: give it the same, { preprocess }, or (x) => x " +
      "for data that went through it",
  );
}

/** Variables whose trainer makes something else of x before the model sees it, by the executors that they are trained on. */
const prepared = new WeakMap<Executor, WeakSet<Variable>>();

/** Says that the trainer of variables has a preprocess of its own. */
export function prepare(executor: Executor, variables: Iterable<Variable>): void {
  const own = prepared.get(executor) ?? new WeakSet();
  prepared.set(executor, own);
  for (const each of variables) own.add(each);
}

/** Whether the trainer of any of these has one. */
export function isPrepared(executor: Executor, variables: Iterable<Variable>): boolean {
  return Array.from(variables).some((each) => prepared.get(executor)?.has(each));
}

function firstOf(paths: readonly string[]): string {
  return paths.length > 3 ? `${paths.slice(0, 3).join(", ")} and ${paths.length - 3} more` : paths.join(", ");
}

/** What somebody holds. */
export interface Hold {
  /** Whether nobody else holds anything on the executor. */
  readonly isAlone: boolean;
  /** Paths of those that got first values here, and of those among them that somebody gave values on another executor. */
  readonly fresh: readonly string[];
  readonly elsewhere: readonly string[];
  /** Warns of these, once, unless values were given before. */
  tell(name: string): void;
  /** Values are given: by a training, which leaves frozen parameters as they are, or by a state; without a word first ones again. */
  give(by?: "training" | "state"): void;
  /** Leaves variables to others, or to nobody; `owns`: the executor, too. */
  letGo(owns: boolean): Promise<void>;
}

/** Variables by their paths. */
type Variables = ReadonlyMap<string, Variable>;

/** Sees to it that variables have values on an executor; `begin` gives first values to some. */
export function hold(
  executor: Executor,
  variables: Variables,
  begin: (fresh: Variables) => Promise<void>,
): Promise<Hold> {
  const own = holdings.get(executor) ?? { held: new Map(), holders: 0, isLeft: false, busy: Promise.resolve() };
  holdings.set(executor, own);
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const result = own.busy.then(task);
    own.busy = result.catch(() => undefined);
    return result;
  };
  return inTurn(async () => {
    const { held } = own;
    const open = [...variables].filter(([, { key }]) => !held.has(key));
    const values = await Promise.all(open.map(([, { key }]) => hasValue(executor, key)));
    const fresh = new Map(open.filter((_, i) => !values[i]));
    const elsewhere = elsewhereOf(fresh, executor);
    let untold = elsewhere;
    if (fresh.size > 0)
      try {
        await begin(fresh);
      } catch (error) {
        await forget(executor, fresh.values()).catch(() => undefined); // the first error is the one that tells
        throw error;
      }
    for (const [i, [, { key }]] of open.entries()) held.set(key, { holders: 0, isForeign: values[i] });
    for (const { key } of variables.values()) (held.get(key) as Held).holders++;
    own.holders++;
    // Nobody knows whose values they are that were there before.
    note(
      executor,
      open.flatMap(([, each], i) => (values[i] ? [each] : [])),
      true,
    );
    return {
      fresh: [...fresh.keys()],
      elsewhere,
      tell(name) {
        warnOfOthers(name, untold);
        untold = [];
      },
      give(by) {
        untold = [];
        const isLeft = ({ isParameter, trainable }: Variable) => by === "training" && isParameter && !trainable;
        const given = [...variables.values()].filter((each) => !isLeft(each));
        note(executor, given, by !== undefined);
      },
      get isAlone() {
        return own.holders === 1;
      },
      letGo: (owns) =>
        inTurn(async () => {
          own.holders--;
          own.isLeft ||= owns;
          if (own.isLeft && own.holders === 0) await executor.dispose();
          else await letGo(executor, own.held, variables);
        }),
    };
  });
}

async function hasValue(executor: Executor, variable: string): Promise<boolean> {
  try {
    await executor.read({ variable });
    return true;
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    return false;
  }
}

async function letGo(executor: Executor, held: Map<string, Held>, variables: Variables): Promise<void> {
  const last = [...variables.values()].filter(({ key }) => --(held.get(key) as Held).holders === 0);
  const own = last.filter(({ key }) => !held.get(key)?.isForeign);
  for (const { key } of last) held.delete(key);
  await forget(executor, own);
}

async function forget(executor: Executor, variables: Iterable<Variable>): Promise<void> {
  for (const { key } of variables)
    await executor.forget(key).catch((error: unknown) => {
      if (!(error instanceof ArgumentError)) throw error; // else a program from elsewhere goes on with it
    });
}
