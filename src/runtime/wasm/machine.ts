// The WebAssembly machine: an instance of the kernels over its memory, and a team of further ones once a program is worth it.
// Modules have no data segment and never allocate: control page, page of constants, scratch, programs and state are all laid out
// from here (assembly/isa/sizes.ts).
import { ALIGN, CONTROL_PATIENCE, CONTROL_SPINS, SLEEP } from "../../../assembly/isa/sizes.ts";
import { ThreadError } from "../../errors.ts";
import type { Program } from "../../program/program.ts";
import { type Loaded, type Machine, MOST_STEPS, type Shared } from "../machine.ts";
import { fetchScalar, type Memory, views32 } from "../memory.ts";
import { withoutBarriers } from "./alone.ts";
import { type Chooser, Comparison } from "./comparison.ts";
import { importsOf, link, type Prepared, placeInTable, TablePlaces } from "./functions.ts";
import { instantiate, type Kernels, PAGE_WORDS, SLACK, scratchOf } from "./instance.ts";
import { Team } from "./team.ts";
import { teamsFor, threadsFor } from "./threads-for.ts";
import { unshared } from "./unshared.ts";
import { MOST_SPINS, measureWaking } from "./waking.ts";

export { decoded } from "./instance.ts";

const MOST_PAGES = 65536; // 4 GiB
const LEAST_PAGES = 1024; // 64 MiB; a team begins with them, so that its memory seldom grows (unshared.ts says why)

/** Logged scalars that one call of `run` may leave in memory. */
const LOG_WORDS = 4096;

/** Steps after which a program gets functions of its own: making them takes a few milliseconds. */
const WORTH_FUNCTIONS = 8;

/** Milliseconds that threads wait for one another in a barrier, or for the last one to leave a failed run: those of many long chunks. */
const PATIENCE = 10_000;

/** How a machine shares its work. */
export interface Sharing {
  /** Threads at the most, the calling one included. */
  readonly threads: number;
  /** Threads for a program, of those at the most; for tests. */
  readonly choose?: (code: Int32Array, most: number) => number;
  /** Who compares numbers of threads for a program, so many of them, by the time that steps take; else it keeps those chosen. */
  readonly compare?: (ways: number, first: number) => Chooser;
  /** Steps after which a program gets functions of its own, with 0 when it is loaded; for tests. */
  readonly prepareAfter?: number;
  /** Milliseconds after which a thread that does not come to a barrier is taken for dead; for tests. */
  readonly patience?: number;
  /** Called if they cannot be started; the machine goes on with one thread. */
  readonly onAlone?: (reason: string) => void;
}

/** Compares by the time that steps take. */
export const compare = (ways: number, first: number): Chooser => new Comparison(ways, first);

/** Compiles and instantiates a module; further threads are started with the first program that is worth them. */
export async function createWasmMachine(bytes: Uint8Array<ArrayBuffer>, sharing: Sharing): Promise<Machine> {
  const start = scratchOf(sharing.threads);
  const shared = sharing.threads > 1;
  const least = Math.ceil((start + SLACK) / PAGE_WORDS);
  const { memory, maximum } = reserve(shared ? Math.max(least, LEAST_PAGES) : least, shared);
  const { module, kernels } = await instantiate(shared ? bytes : unshared(bytes), memory);
  const control = new Int32Array(memory.buffer);
  control[CONTROL_PATIENCE / 4] = Math.ceil((sharing.patience ?? PATIENCE) / SLEEP);
  control[CONTROL_SPINS / 4] = MOST_SPINS;
  return new WasmMachine({ module, memory, kernels, start, maximum, sharing });
}

/** A memory that can grow to 4 GiB, or to what the platform lets one reserve. @throws RangeError if that is next to nothing */
function reserve(initial: number, shared: boolean): { readonly memory: WebAssembly.Memory; readonly maximum: number } {
  for (let maximum = MOST_PAGES; ; maximum /= 2) {
    try {
      return { memory: new WebAssembly.Memory({ shared, initial, maximum }), maximum };
    } catch (error) {
      if (!(error instanceof RangeError) || maximum < 2 * LEAST_PAGES) throw error;
    }
  }
}

interface Parts {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly kernels: Kernels;
  readonly start: number;
  readonly maximum: number;
  readonly sharing: Sharing;
}

/** What a program's threads execute: without barriers where there is one thread alone. */
type Kind = "alone" | "team";

/** How a program's steps are shared. */
interface Share {
  /** Numbers of threads that they may have, the least first. */
  readonly teams: readonly number[];
  /** Who says which; the last one if nobody does. */
  readonly chooser?: Chooser;
  /** Which code lies in its memory. */
  installed: Kind;
}

class WasmMachine implements Machine {
  memory: Memory;
  readonly start: number;
  readonly limit: number;
  readonly addressUnit = 4;
  readonly #module: WebAssembly.Module;
  readonly #sharing: Sharing;
  #linear: WebAssembly.Memory | undefined;
  #kernels: Kernels | undefined;
  #team: Team | undefined;
  #ready: Promise<unknown> | undefined;
  readonly #shares = new WeakMap<Loaded, Share>();
  /** Threads that this instance was last attached as the first of. */
  #attached = 1;
  /** Steps made so far, of programs that have no functions yet. */
  readonly #made = new WeakMap<Loaded, number>();
  /** Programs that have functions of their own, or are about to. */
  readonly #preparing = new WeakMap<Loaded, Promise<void>>();
  readonly #prepared: Readonly<Record<Kind, WeakMap<Loaded, Prepared>>> = { alone: new WeakMap(), team: new WeakMap() };
  readonly #places = new TablePlaces();

  constructor({ module, memory, kernels, start, maximum, sharing }: Parts) {
    this.#module = module;
    this.#sharing = sharing;
    this.#linear = memory;
    this.#kernels = kernels;
    this.start = start;
    this.limit = maximum * PAGE_WORDS - SLACK;
    this.memory = views32(memory.buffer);
  }

  maxSteps({ logTypes }: Loaded): number {
    return logTypes.length === 0 ? MOST_STEPS : rowsOf(logTypes.length);
  }

  /** Its code, then its log. */
  ownWords({ code, logged }: Program): number {
    return padded(code.length) + rowsOf(logged.length) * logged.length;
  }

  grow(words: number): void {
    const missing = Math.ceil((words + SLACK - this.memory.f.length) / PAGE_WORDS);
    if (this.#linear === undefined || missing <= 0) return;
    this.#linear.grow(missing);
    this.memory = views32(this.#linear.buffer);
  }

  install(loaded: Loaded): void {
    const { threads: most } = this.#sharing;
    const share = this.#shareOf(loaded);
    this.#write(loaded, share.installed);
    if (share.teams[share.teams.length - 1] > 1 && this.#linear !== undefined)
      this.#ready ??= this.#gather(most, this.#module, this.#linear);
    if (this.#sharing.prepareAfter === 0) this.#ready = Promise.all([this.#ready, this.prepare(loaded)]);
  }

  #shareOf(loaded: Loaded): Share {
    const known = this.#shares.get(loaded);
    if (known !== undefined) return known;
    const { threads: most, choose = threadsFor, compare } = this.#sharing;
    const threads = most === 1 ? 1 : choose(loaded.code, most);
    const teams = compare === undefined ? [threads] : teamsFor(threads);
    const chooser = teams.length === 1 ? undefined : compare?.(teams.length, teams.length - 1);
    const share = { teams, chooser, installed: kindOf(threads) };
    this.#shares.set(loaded, share);
    return share;
  }

  /** Threads of steps that go a way of the program. */
  #threadsOf({ teams }: Share, way = teams.length - 1): number {
    return this.#team === undefined ? 1 : teams[way];
  }

  /** Puts the program's code for one thread alone, or for a team, where it is executed. */
  #write(loaded: Loaded, kind: Kind): void {
    this.memory.i.set(this.#codeOf(loaded, kind), loaded.own);
    this.#shareOf(loaded).installed = kind;
  }

  #codeOf(loaded: Loaded, kind: Kind): Int32Array {
    const code = kind === "alone" ? withoutBarriers(loaded.code) : loaded.code.slice();
    const prepared = this.#prepared[kind].get(loaded);
    if (prepared !== undefined) link(code, prepared);
    return code;
  }

  shared(loaded: Loaded): Shared {
    const share = this.#shareOf(loaded);
    const compared: Record<number, number> = {};
    for (const [way, threads] of share.teams.entries()) {
      const time = share.chooser?.milliseconds(way) ?? Number.NaN;
      if (!Number.isNaN(time)) compared[threads] = time;
    }
    return { threads: this.#threadsOf(share, share.chooser?.kept), compared };
  }

  prepare(loaded: Loaded): Promise<void> {
    let done = this.#preparing.get(loaded);
    if (done === undefined) {
      done = this.#makeAllFunctions(loaded);
      this.#preparing.set(loaded, done);
    }
    return done;
  }

  /** For all that the program may be executed by. It is compared at once, since they may take long, and again when it has them. */
  async #makeAllFunctions(loaded: Loaded): Promise<void> {
    const { teams, chooser } = this.#shareOf(loaded);
    chooser?.begin();
    try {
      for (const kind of new Set(teams.map(kindOf).reverse())) await this.#makeFunctions(loaded, kind);
    } finally {
      chooser?.begin();
    }
  }

  async #makeFunctions(loaded: Loaded, kind: Kind): Promise<void> {
    const { generate } = await import("./jit/index.ts");
    // From here to the next wait no step is under way; the program may be gone, or lie elsewhere than it did.
    if (this.#kernels === undefined || this.#linear === undefined || !loaded.live) return;
    const generated = generate(this.#codeOf(loaded, kind), {
      fused: this.#kernels.fused.value === 1,
      scratch: kind === "alone" ? 4 * scratchOf(0) : undefined,
    });
    if (generated === undefined) return;
    const team = this.#prepared.team.get(loaded);
    if (kind === "alone" && team !== undefined && generated.step === undefined) {
      this.#call(loaded, kind, { generated, places: team.places }); // its maps are the team's, at other places of the code
      return;
    }
    const module = await WebAssembly.compile(this.#sharing.threads > 1 ? generated.bytes : unshared(generated.bytes));
    if (this.#kernels === undefined || this.#linear === undefined) return;
    const instance = await WebAssembly.instantiate(module, importsOf(this.#kernels, this.#linear));
    if (this.#kernels === undefined || !loaded.live) return;
    const places = this.#places.take(generated.count);
    placeInTable(instance, places, this.#kernels.table);
    if (kind === "team") this.#team?.share({ module, places });
    this.#call(loaded, kind, { generated, places });
  }

  /** Has a program's code of a kind call functions from now on. */
  #call(loaded: Loaded, kind: Kind, prepared: Prepared): void {
    this.#prepared[kind].set(loaded, prepared);
    this.#write(loaded, this.#shareOf(loaded).installed);
  }

  release(loaded: Loaded): void {
    const { alone, team } = this.#prepared;
    for (const places of new Set([alone.get(loaded)?.places, team.get(loaded)?.places])) {
      if (places === undefined) continue;
      for (const at of places) this.#kernels?.table.set(at, null);
      this.#places.give(places);
    }
  }

  /** The function that makes a step of a program, 0 if the interpreter does. */
  #stepOf(loaded: Loaded, kind: Kind, steps: number): number {
    const prepared = this.#prepared[kind].get(loaded);
    if (prepared !== undefined) {
      const { step } = prepared.generated;
      return step === undefined ? 0 : prepared.places[step];
    }
    const { prepareAfter = WORTH_FUNCTIONS } = this.#sharing;
    const made = (this.#made.get(loaded) ?? 0) + steps;
    this.#made.set(loaded, made);
    // Without functions everything goes on as it did: where they cannot be made, nothing is lost but time.
    if (made >= prepareAfter) this.prepare(loaded).catch(() => {});
    return 0;
  }

  /** Starts the team, and measures what waking its threads costs; alone, if it cannot. */
  async #gather(threads: number, module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<void> {
    const team = new Team(memory, threads, this.#sharing.patience ?? PATIENCE);
    this.#team = team;
    try {
      await team.start((thread) => ({ module, memory, thread, scratch: 4 * scratchOf(thread) }));
      this.#attached = 0;
      if (this.#kernels !== undefined) measureWaking(team, this.#kernels, memory, 4 * scratchOf(0));
    } catch (error) {
      await team.end();
      if (this.#linear === undefined) return; // it was disposed meanwhile
      this.#team = undefined;
      this.#sharing.onAlone?.(error instanceof Error ? error.message : `${error}`);
    }
  }

  ready(): Promise<unknown> | undefined {
    return this.#ready;
  }

  execute(loaded: Loaded, steps: number, log: Float64Array, at: number): void {
    const { program, own, io, code, logTypes } = loaded;
    const count = logTypes.length;
    const rows = own + padded(code.length);
    const from = 4 * (io + program.logOffset);
    const team = this.#team;
    const share = this.#shareOf(loaded);
    const threads = this.#threadsOf(share, share.chooser?.way);
    const kind = kindOf(threads);
    team?.check();
    if (share.installed !== kind) this.#write(loaded, kind);
    const chooser = team && share.chooser;
    const before = chooser && performance.now();
    if (threads !== this.#attached) this.#kernels?.attach(0, threads, 4 * scratchOf(0));
    this.#attached = threads;
    if (threads > 1) team?.begin(threads, 4 * own, steps, from, count, 4 * rows, rowsOf(count));
    const made = this.#stepOf(loaded, kind, steps);
    let done = 0;
    try {
      done = this.#kernels?.run(4 * own, steps, from, count, 4 * rows, rowsOf(count), 0, made) ?? 0;
    } catch (error) {
      const why = error instanceof Error ? error.message : error;
      throw new ThreadError(`a kernel failed within a step: ${why}`, { cause: error });
    } finally {
      if (threads > 1 && done !== steps) {
        team?.abort(threads);
        this.#attached = 0; // this instance may have left a barrier unfinished
      }
    }
    if (done !== steps) throw new ThreadError("a thread of the team failed within a step");
    if (before !== undefined) chooser?.took(steps, performance.now() - before);
    const { f } = this.memory;
    for (let j = 0; j < count; j++) {
      const isFloat = logTypes[j] === "f32";
      for (let k = j; k < steps * count; k += count)
        log[at + k] = isFloat ? f[rows + k] : fetchScalar(this.memory, logTypes[j], rows + k);
    }
  }

  dispose(): Promise<void> | undefined {
    this.#linear = undefined;
    this.#kernels = undefined;
    this.memory = views32(new ArrayBuffer(0));
    return this.#team?.end();
  }
}

function kindOf(threads: number): Kind {
  return threads === 1 ? "alone" : "team";
}

function padded(words: number): number {
  return Math.ceil(words / ALIGN) * ALIGN;
}

/** Steps whose scalars fit the log of a program. */
function rowsOf(scalars: number): number {
  return scalars === 0 ? 1 : Math.max(1, Math.floor(LOG_WORDS / scalars));
}
