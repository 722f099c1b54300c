// Writing a WebAssembly module: bodies of functions, and the sections around them.
// The binary format: https://webassembly.github.io/spec/core/binary/ and, of vectors, instructions.html#vector-instructions there.

export const I32 = 0x7f;
export const V128 = 0x7b;

/** Opcodes without a prefix. */
export const op = {
  if: 0x04,
  loop: 0x03,
  end: 0x0b,
  brIf: 0x0d,
  call: 0x10,
  drop: 0x1a,
  select: 0x1b,
  get: 0x20,
  set: 0x21,
  tee: 0x22,
  load: 0x28,
  const: 0x41,
  eqz: 0x45,
  eq: 0x46,
  ltU: 0x49,
  add: 0x6a,
  sub: 0x6b,
  mul: 0x6c,
  divU: 0x6e,
  remU: 0x70,
  and: 0x71,
  shl: 0x74,
  shrU: 0x76,
} as const;

/** Opcodes of vectors, behind the prefix 0xfd. */
export const simd = {
  load: 0,
  load32Splat: 9,
  store: 11,
  constant: 12,
  shuffle: 13,
  i32Equal: 55,
  i32Less: 57,
  f32Equal: 65,
  f32NotEqual: 66,
  f32Less: 67,
  f32Greater: 68,
  and: 78,
  or: 80,
  bitselect: 82,
  store32Lane: 90,
  store64Lane: 91,
  load32Zero: 92,
  f32Floor: 104,
  f32Nearest: 106,
  extendLow8: 137,
  i32Abs: 160,
  i32Neg: 161,
  extendLow16: 169,
  i32ShiftSigned: 172,
  i32ShiftUnsigned: 173,
  i32Add: 174,
  i32Sub: 177,
  i32Mul: 181,
  i32Min: 182,
  i32Max: 184,
  f32Abs: 224,
  f32Neg: 225,
  f32Sqrt: 227,
  f32Add: 228,
  f32Sub: 229,
  f32Mul: 230,
  f32Div: 231,
  f32Min: 232,
  f32Max: 233,
  f32PseudoMax: 235,
  truncate: 248,
  convert: 250,
  relaxedMultiplyAdd: 0x105,
} as const;

const SIMD = 0xfd;
const EMPTY_BLOCK = 0x40;

function unsigned(to: number[], value: number): void {
  for (; value > 0x7f; value >>>= 7) to.push((value & 0x7f) | 0x80);
  to.push(value);
}

function signed(to: number[], value: number): void {
  for (; value < -64 || value > 63; value >>= 7) to.push((value & 0x7f) | 0x80);
  to.push(value & 0x7f);
}

/** The body of a function that is being written: its instructions, and its locals behind the parameters. */
export class FunctionBody {
  readonly #parameters: number;
  readonly #locals: number[] = [];
  readonly #bytes: number[] = [];

  constructor(parameters: number) {
    this.#parameters = parameters;
  }

  /** Number of a new local. */
  local(type: number): number {
    return this.#parameters + this.#locals.push(type) - 1;
  }

  /** An instruction, and what it takes at once: numbers of locals or functions. */
  put(opcode: number, ...immediates: readonly number[]): void {
    this.#bytes.push(opcode);
    for (const each of immediates) unsigned(this.#bytes, each);
  }

  i32(value: number): void {
    this.#bytes.push(op.const);
    signed(this.#bytes, value | 0);
  }

  /** Puts the i32 in a local on the stack. */
  get(local: number): void {
    this.put(op.get, local);
  }

  /** Takes the i32 on the stack into a local. */
  set(local: number): void {
    this.put(op.set, local);
  }

  /** `opcode` of the i32 on the stack and a number. */
  with(opcode: number, value: number): void {
    this.i32(value);
    this.put(opcode);
  }

  /** Loads the i32 at the address on the stack and `offset` bytes. */
  load(offset: number): void {
    this.put(op.load, 2, offset);
  }

  loop(): void {
    this.#bytes.push(op.loop, EMPTY_BLOCK);
  }

  if(): void {
    this.#bytes.push(op.if, EMPTY_BLOCK);
  }

  end(): void {
    this.#bytes.push(op.end);
  }

  /** A vector instruction without anything behind it. */
  vector(opcode: number): void {
    this.#bytes.push(SIMD);
    unsigned(this.#bytes, opcode);
  }

  /** One that reaches memory, at any address. */
  memory(opcode: number, offset: number, ...lane: readonly number[]): void {
    this.vector(opcode);
    unsigned(this.#bytes, 0);
    unsigned(this.#bytes, offset);
    this.#bytes.push(...lane);
  }

  zeros(): void {
    this.vector(simd.constant);
    for (let i = 0; i < 16; i++) this.#bytes.push(0);
  }

  /** Four words out of the eight of two vectors. */
  shuffle(words: readonly number[]): void {
    this.vector(simd.shuffle);
    for (const word of words) this.#bytes.push(4 * word, 4 * word + 1, 4 * word + 2, 4 * word + 3);
  }

  /** Its entry in the code section. */
  entry(): number[] {
    const locals: number[] = [];
    unsigned(locals, this.#locals.length);
    for (const type of this.#locals) locals.push(1, type);
    const entry: number[] = [];
    unsigned(entry, locals.length + this.#bytes.length + 1);
    return entry.concat(locals, this.#bytes, op.end);
  }
}

/** A function's type: so many i32 parameters, and i32 results. */
export interface Signature {
  readonly parameters: number;
  readonly results: number;
}

/** A function of the module, exported by its number. */
export interface Made {
  readonly signature: Signature;
  readonly body: FunctionBody;
}

const MOST_PAGES = 65536;

/** A module that imports a shared memory and functions from `env`, so numbered from 0, and exports what is made as "0", "1", ... */
export function moduleOf(
  imports: readonly { readonly name: string; readonly signature: Signature }[],
  functions: readonly Made[],
): Uint8Array<ArrayBuffer> {
  const signatures = [...imports, ...functions].map(({ signature: { parameters, results } }) => [
    0x60,
    ...vector(Array<number[]>(parameters).fill([I32])),
    ...vector(Array<number[]>(results).fill([I32])),
  ]);
  const pages: number[] = [];
  unsigned(pages, MOST_PAGES);
  const memory = [...text("env"), ...text("memory"), 2, 3, 0, ...pages];
  const imported = imports.map(({ name }, i) => [...text("env"), ...text(name), 0, ...leb(i)]);
  const bytes = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const sections: readonly (readonly [number, readonly (readonly number[])[]])[] = [
    [1, signatures],
    [2, [memory, ...imported]],
    [3, functions.map((_, i) => leb(imports.length + i))],
    [7, functions.map((_, i) => [...text(`${i}`), 0, ...leb(imports.length + i)])],
    [10, functions.map(({ body }) => body.entry())],
  ];
  for (const [number, items] of sections) {
    const content = vector(items);
    bytes.push(number, ...leb(content.length));
    for (const byte of content) bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

function leb(value: number): number[] {
  const bytes: number[] = [];
  unsigned(bytes, value);
  return bytes;
}

function text(name: string): number[] {
  return [name.length, ...Array.from(name, (character) => character.charCodeAt(0))];
}

/** The format's vectors: how many, then one after the other. */
function vector(items: readonly (readonly number[])[]): number[] {
  return leb(items.length).concat(...items);
}
