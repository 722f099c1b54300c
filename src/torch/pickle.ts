// Python's pickles: a small machine of a stack and a memo, all of whose instructions are known here. It makes plain values; where Python
// would call a class or a function, a host is asked what stands for that, and nothing is called.
import type { Cursor } from "./cursor.ts";
import { kindOf, TorchName, TorchObject, type TorchValue } from "./values.ts";

/** Who says what names and references stand for. */
export interface Host {
  /** What a function or a class would give. */
  made(name: string, args: readonly TorchValue[], cursor: Cursor): TorchValue;
  /** What lies outside of the pickle. */
  persistent(id: TorchValue, cursor: Cursor): TorchValue;
}

/** Whole numbers of more bytes than this are refused. */
const WIDEST = 2 ** 12;

/** The highest version of the instructions. */
const PROTOCOL = 5;

/** Lists, dictionaries, objects and the like in one pickle: each takes a hundred times the room of the byte that makes it. */
const MOST = 2 ** 21;

/** Copied values, beyond those that the pickle has bytes for. */
const SPARE = 2 ** 16;

type Mutable = TorchValue | TorchValue[] | Map<TorchValue, TorchValue> | Set<TorchValue>;

/** The value of a pickle that begins where the cursor is, which is behind it afterwards. @throws DataError */
export function unpickled(cursor: Cursor, host: Host): TorchValue {
  const machine = new Machine(cursor, host);
  for (;;) {
    const from = cursor.at;
    const code = cursor.u8();
    if (code === STOP) return machine.pop();
    const instruction = instructions[code];
    if (instruction === undefined)
      throw cursor.fault(`byte ${from} is ${code}, which is no instruction of a pickle${UNUSED.get(code) ?? ""}`);
    instruction(machine, cursor);
  }
}

/** Counts what is copied: a pickle may name a long list again and again. */
export class Budget {
  #left: number;

  constructor(bytes: number) {
    this.#left = 4 * bytes + SPARE;
  }

  /** @throws DataError */
  spend(count: number, cursor: Cursor): void {
    this.#left -= count;
    if (this.#left < 0) throw cursor.fault(`before byte ${cursor.at} one thing is copied again and again`);
  }
}

class Machine {
  readonly #cursor: Cursor;
  readonly #host: Host;
  readonly #memo = new Map<number, Mutable>();
  /** What was on the stack at each mark. */
  readonly #marked: Mutable[][] = [];
  #stack: Mutable[] = [];
  #made = 0;

  constructor(cursor: Cursor, host: Host) {
    this.#cursor = cursor;
    this.#host = host;
  }

  push(value: Mutable): void {
    this.#stack.push(value);
  }

  /** Pushes what takes room of its own. */
  add(value: Mutable): void {
    this.#count();
    this.#stack.push(value);
  }

  #count(): void {
    if (++this.#made > MOST) throw this.#cursor.fault(`more than ${MOST} lists, dictionaries and objects`);
  }

  pop(): TorchValue {
    const value = this.#stack.pop();
    if (value === undefined) throw this.#cursor.fault(`the stack is empty at byte ${this.#cursor.at}`);
    return value;
  }

  top(): Mutable {
    const value = this.#stack.at(-1);
    if (value === undefined) throw this.#cursor.fault(`the stack is empty at byte ${this.#cursor.at}`);
    return value;
  }

  mark(): void {
    this.#count();
    this.#marked.push(this.#stack);
    this.#stack = [];
  }

  /** All since the last mark. */
  popMark(): TorchValue[] {
    const before = this.#marked.pop();
    if (before === undefined) throw this.#cursor.fault(`there is no mark at byte ${this.#cursor.at}`);
    const items = this.#stack;
    this.#stack = before;
    return items;
  }

  /** Forgets the last value, or a mark. */
  drop(): void {
    if (this.#stack.length > 0) this.#stack.pop();
    else this.popMark();
  }

  keep(place: number): void {
    this.#memo.set(place, this.top());
  }

  keepNext(): void {
    this.keep(this.#memo.size);
  }

  recall(place: number): void {
    const value = this.#memo.get(place);
    if (value === undefined) throw this.#cursor.fault(`byte ${this.#cursor.at} recalls ${place}, which was not kept`);
    this.push(value);
  }

  /** Decimal digits. */
  placeOf(text: string): number {
    if (!/^\d{1,15}$/.test(text)) throw this.#cursor.fault(`the line before byte ${this.#cursor.at} is no number`);
    return Number(text);
  }

  tuple(count: number): void {
    const items = Array.from({ length: count }, () => this.pop());
    this.add(items.reverse());
  }

  append(items: readonly TorchValue[]): void {
    const list = this.top();
    if (list instanceof TorchObject) list.items ??= [];
    const target = list instanceof TorchObject ? list.items : list;
    if (!Array.isArray(target)) throw this.#cursor.fault(`${kindOf(list)} is appended to at byte ${this.#cursor.at}`);
    for (const item of items) target.push(item);
  }

  include(items: readonly TorchValue[]): void {
    const set = this.top();
    if (set instanceof TorchObject) this.append(items);
    else if (!(set instanceof Set)) throw this.#cursor.fault(`${kindOf(set)} is added to at byte ${this.#cursor.at}`);
    else for (const item of items) set.add(item);
  }

  /** Keys and values in turn. */
  set(items: readonly TorchValue[]): void {
    const dictionary = this.top();
    if (dictionary instanceof TorchObject) dictionary.entries ??= new Map();
    const target = dictionary instanceof TorchObject ? dictionary.entries : dictionary;
    if (!(target instanceof Map))
      throw this.#cursor.fault(`a key of ${kindOf(dictionary)} is set at byte ${this.#cursor.at}`);
    if (items.length % 2 > 0) throw this.#cursor.fault(`a key has no value before byte ${this.#cursor.at}`);
    for (let i = 0; i < items.length; i += 2) target.set(items[i], items[i + 1]);
  }

  name(module: TorchValue, name: TorchValue): void {
    if (typeof module !== "string" || typeof name !== "string")
      throw this.#cursor.fault(`the name before byte ${this.#cursor.at} is no text`);
    this.add(new TorchName(`${module === "__builtin__" ? "builtins" : module}.${name}`));
  }

  /** What a call would give. */
  make(called: TorchValue, args: TorchValue): void {
    if (!Array.isArray(args))
      throw this.#cursor.fault(`${kindOf(args)} stands for arguments before byte ${this.#cursor.at}`);
    if (called instanceof TorchName) this.add(this.#host.made(called.name, args, this.#cursor));
    else if (called instanceof TorchObject) this.add(new TorchObject(`${called.className}()`, args));
    else throw this.#cursor.fault(`${kindOf(called)} is called before byte ${this.#cursor.at}`);
  }

  /** Attributes: those of dictionaries, lists and tensors, which have none here, are left out. */
  build(): void {
    const state = this.pop();
    const value = this.top();
    if (value instanceof TorchObject) value.state = state;
    else if (typeof value !== "object" || value === null || value instanceof TorchName)
      throw this.#cursor.fault(`${kindOf(value)} gets attributes before byte ${this.#cursor.at}`);
  }

  persistent(id: TorchValue): void {
    this.add(this.#host.persistent(id, this.#cursor));
  }
}

const STOP = ".".charCodeAt(0);

/** Instructions that no file has, and why. */
const UNUSED = new Map([
  ...[0x82, 0x83, 0x84].map((code) => [code, " that stands for itself: it names a class by a number"] as const),
  ...[0x97, 0x98].map((code) => [code, " that stands for itself: its bytes are elsewhere"] as const),
]);

type Instruction = (machine: Machine, cursor: Cursor) => void;

/** By the characters, or the numbers, that stand for them. Source: CPython, Lib/pickletools.py. */
const table: Readonly<Record<string, Instruction>> = {
  "(": (machine) => machine.mark(),
  "0": (machine) => machine.drop(),
  "1": (machine) => void machine.popMark(),
  "2": (machine) => machine.push(machine.top()),
  // Numbers, texts, bytes
  N: (machine) => machine.push(null),
  "\x88": (machine) => machine.push(true),
  "\x89": (machine) => machine.push(false),
  I: (machine, cursor) => machine.push(decimal(cursor, /^[+-]?\d+$/)),
  L: (machine, cursor) => machine.push(decimal(cursor, /^[+-]?\d+L?$/)),
  F: (machine, cursor) => machine.push(real(cursor)),
  J: (machine, cursor) => machine.push(cursor.i32()),
  K: (machine, cursor) => machine.push(cursor.u8()),
  M: (machine, cursor) => machine.push(cursor.u16()),
  G: (machine, cursor) => machine.push(cursor.f64()),
  "\x8a": (machine, cursor) => machine.push(whole(cursor, cursor.u8())),
  "\x8b": (machine, cursor) => machine.push(whole(cursor, cursor.u32())),
  S: (machine, cursor) => machine.push(quoted(cursor)),
  T: (machine, cursor) => machine.push(cursor.latin1(cursor.u32())),
  U: (machine, cursor) => machine.push(cursor.latin1(cursor.u8())),
  V: (machine, cursor) => machine.push(escaped(cursor.line(false))),
  X: (machine, cursor) => machine.push(cursor.text(cursor.u32())),
  "\x8c": (machine, cursor) => machine.push(cursor.text(cursor.u8())),
  "\x8d": (machine, cursor) => machine.push(cursor.text(cursor.u64())),
  B: (machine, cursor) => machine.add(cursor.take(cursor.u32()).slice()),
  C: (machine, cursor) => machine.add(cursor.take(cursor.u8()).slice()),
  "\x8e": (machine, cursor) => machine.add(cursor.take(cursor.u64()).slice()),
  "\x96": (machine, cursor) => machine.add(cursor.take(cursor.u64()).slice()),
  // Lists, tuples, sets, dictionaries
  ")": (machine) => machine.add([]),
  t: (machine) => machine.add(machine.popMark()),
  "\x85": (machine) => machine.tuple(1),
  "\x86": (machine) => machine.tuple(2),
  "\x87": (machine) => machine.tuple(3),
  "]": (machine) => machine.add([]),
  l: (machine) => machine.add(machine.popMark()),
  a: (machine) => machine.append([machine.pop()]),
  e: (machine) => machine.append(machine.popMark()),
  "}": (machine) => machine.add(new Map()),
  d: (machine) => {
    const items = machine.popMark();
    machine.add(new Map());
    machine.set(items);
  },
  s: (machine) => machine.set([machine.pop(), machine.pop()].reverse()),
  u: (machine) => machine.set(machine.popMark()),
  "\x8f": (machine) => machine.add(new Set()),
  "\x90": (machine) => machine.include(machine.popMark()),
  "\x91": (machine) => machine.add(new Set(machine.popMark())),
  // The memo
  p: (machine, cursor) => machine.keep(machine.placeOf(cursor.line())),
  q: (machine, cursor) => machine.keep(cursor.u8()),
  r: (machine, cursor) => machine.keep(cursor.u32()),
  "\x94": (machine) => machine.keepNext(),
  g: (machine, cursor) => machine.recall(machine.placeOf(cursor.line())),
  h: (machine, cursor) => machine.recall(cursor.u8()),
  j: (machine, cursor) => machine.recall(cursor.u32()),
  // Names, and what would be called
  c: (machine, cursor) => machine.name(cursor.line(), cursor.line()),
  "\x93": (machine) => {
    const name = machine.pop();
    machine.name(machine.pop(), name);
  },
  R: (machine) => {
    const args = machine.pop();
    machine.make(machine.pop(), args);
  },
  i: (machine, cursor) => {
    const args = machine.popMark();
    machine.name(cursor.line(), cursor.line());
    machine.make(machine.pop(), args);
  },
  o: (machine, cursor) => {
    const [called, ...args] = machine.popMark();
    if (called === undefined) throw cursor.fault(`nothing is called before byte ${cursor.at}`);
    machine.make(called, args);
  },
  "\x81": (machine) => {
    const args = machine.pop();
    machine.make(machine.pop(), args);
  },
  "\x92": (machine) => {
    const named = machine.pop();
    const args = machine.pop();
    const hasNamed = named instanceof Map && named.size > 0;
    machine.make(machine.pop(), hasNamed ? [args, named] : args);
  },
  b: (machine) => machine.build(),
  P: (machine, cursor) => machine.persistent(cursor.line()),
  Q: (machine) => machine.persistent(machine.pop()),
  // Marks of the file
  "\x80": (_, cursor) => {
    const version = cursor.u8();
    if (version > PROTOCOL) throw cursor.fault(`a pickle of protocol ${version}; those up to ${PROTOCOL} are known`);
  },
  "\x95": (_, cursor) => {
    const length = cursor.u64();
    if (length > cursor.bytes.length - cursor.at) throw cursor.fault(`a frame of ${length} bytes is cut off`);
  },
};

const instructions: readonly (Instruction | undefined)[] = Array.from(
  { length: 256 },
  (_, code) => table[String.fromCharCode(code)],
);

/** A number where it is one without loss. */
function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Two's complement, the lowest byte first. */
function whole(cursor: Cursor, count: number): number | bigint {
  if (count > WIDEST) throw cursor.fault(`a whole number of ${count} bytes before byte ${cursor.at}`);
  const digits = Array.from(cursor.take(count), (byte) => byte.toString(16).padStart(2, "0"));
  return narrow(BigInt.asIntN(8 * count, BigInt(`0x0${digits.reverse().join("")}`)));
}

/** Decimal digits in a line; 00 and 01 are truth values. */
function decimal(cursor: Cursor, form: RegExp): number | bigint | boolean {
  const line = cursor.line();
  if (line === "00" || line === "01") return line === "01";
  if (line.length > WIDEST || !form.test(line)) throw cursor.fault(`no whole number before byte ${cursor.at}`);
  const digits = line.replace(/^[+-]/, "").replace("L", "");
  return narrow(line.startsWith("-") ? -BigInt(digits) : BigInt(digits));
}

function real(cursor: Cursor): number {
  const line = cursor.line();
  const special = /^([+-]?)(?:(inf)|nan)$/.exec(line);
  if (special) return special[2] ? (special[1] === "-" ? -Infinity : Infinity) : Number.NaN;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(line)) throw cursor.fault(`no number before byte ${cursor.at}`);
  return Number(line);
}

/** A text between quotes, of protocol 0: what stands behind a backslash is left as it is, but for itself, quotes and new lines. */
function quoted(cursor: Cursor): string {
  const line = cursor.line();
  const [, , text] = /^(["'])(.*)\1$/.exec(line) ?? [];
  if (text === undefined) throw cursor.fault(`no text between quotes before byte ${cursor.at}`);
  const named: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|([nrt\\"']))/g, (_, code: string | undefined, letter: string) =>
    code === undefined ? (named[letter] ?? letter) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}

/** A text whose characters beyond Latin are written as numbers. */
function escaped(line: string): string {
  return line.replace(/\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/g, (all, short: string | undefined, long: string) => {
    const code = Number.parseInt(short ?? long, 16);
    return code > 0x10ffff ? all : String.fromCodePoint(code);
  });
}
