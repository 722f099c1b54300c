// The words of memory that a straight line of code has in registers: each is a lane of some vector that was computed or loaded.
import { type FunctionBody, I32, op, simd, V128 } from "./writer.ts";

/** A word in a register. */
export interface Lane {
  /** A local. */
  readonly vector: number;
  readonly lane: number;
}

/** Where a buffer's address stands: so many bytes behind the function's first parameter. */
export interface AddressSlot {
  /** The address itself, by which words are told apart. */
  readonly address: number;
  readonly slot: number;
}

export class Words {
  readonly #body: FunctionBody;
  /** By address. */
  #known = new Map<number, Lane>();
  readonly #pointers = new Map<number, number>();
  /** Vectors by the lanes they are made of: locals are written once, so a vector stays what it is. */
  readonly #vectors = new Map<string, number>();
  readonly #zeros: number;

  constructor(body: FunctionBody) {
    this.#body = body;
    this.#zeros = body.local(V128);
    body.zeros();
    body.put(op.set, this.#zeros);
  }

  get zero(): Lane {
    return { vector: this.#zeros, lane: 0 };
  }

  /** A new local with what `write` leaves on the stack. */
  vector(write: () => void): number {
    const local = this.#body.local(V128);
    write();
    this.#body.put(op.set, local);
    return local;
  }

  #pointer({ address, slot }: AddressSlot): number {
    const known = this.#pointers.get(address);
    if (known !== undefined) return known;
    const local = this.#body.local(I32);
    this.#body.put(op.get, 0);
    this.#body.load(slot);
    this.#body.put(op.set, local);
    this.#pointers.set(address, local);
    return local;
  }

  /** Has the first `count` words of a buffer in registers. */
  bring(place: AddressSlot, count: number): void {
    for (let first = 0; first < count; first += 4) {
      const missing = [0, 1, 2, 3].filter(
        (lane) => first + lane < count && !this.#known.has(place.address + 4 * (first + lane)),
      );
      if (missing.length === 0) continue;
      const vector = this.vector(() => {
        this.#body.put(op.get, this.#pointer(place));
        this.#body.memory(simd.load, 4 * first);
      });
      for (const lane of missing) this.#known.set(place.address + 4 * (first + lane), { vector, lane });
    }
  }

  /** A word that was brought, or stored. */
  at(place: AddressSlot, index: number): Lane {
    const lane = this.#known.get(place.address + 4 * index);
    if (lane === undefined) throw new RangeError(`word ${index} of ${place.address} is not in a register`);
    return lane;
  }

  /** A local with these lanes, up to four; what stands in the others is anything. */
  gather(lanes: readonly Lane[]): number {
    const [first] = lanes;
    if (lanes.every(({ vector, lane }, i) => vector === first.vector && lane === i)) return first.vector;
    const key = lanes.map(({ vector, lane }) => `${vector}.${lane}`).join();
    const known = this.#vectors.get(key);
    if (known !== undefined) return known;
    const [one, two = one, ...more] = [...new Set(lanes.map(({ vector }) => vector))];
    const from = (vector: number) => lanes.map((each, i) => (each.vector === vector ? each.lane : i));
    const words = [0, 1, 2, 3].map((i) => {
      const each = lanes[i] ?? lanes[lanes.length - 1];
      return each.vector === two && two !== one ? 4 + each.lane : each.vector === one ? each.lane : 0;
    });
    let made = this.#shuffle(one, two, words);
    for (const next of more) {
      const lane = from(next);
      const isNext = (i: number) => lanes[i]?.vector === next;
      made = this.#shuffle(
        made,
        next,
        [0, 1, 2, 3].map((i) => (isNext(i) ? 4 + lane[i] : i)),
      );
    }
    this.#vectors.set(key, made);
    return made;
  }

  #shuffle(one: number, two: number, words: readonly number[]): number {
    return this.vector(() => {
      this.#body.put(op.get, one);
      this.#body.put(op.get, two);
      this.#body.shuffle(words);
    });
  }

  /** Writes words from `start` on of a buffer to memory, and has them in registers. */
  store(place: AddressSlot, lanes: readonly Lane[], start = 0): void {
    const pointer = this.#pointer(place);
    for (let first = 0; first < lanes.length; first += 4) {
      const four = lanes.slice(first, first + 4);
      const vector = this.gather(four);
      const put = (opcode: number, offset: number, ...lane: readonly number[]) => {
        this.#body.put(op.get, pointer);
        this.#body.put(op.get, vector);
        this.#body.memory(opcode, 4 * (start + first + offset), ...lane);
      };
      if (four.length === 4) put(simd.store, 0);
      if (four.length === 2 || four.length === 3) put(simd.store64Lane, 0, 0);
      if (four.length === 3) put(simd.store32Lane, 2, 2);
      if (four.length === 1) put(simd.store32Lane, 0, 0);
      four.forEach((_, lane) => {
        this.#known.set(place.address + 4 * (start + first + lane), { vector, lane });
      });
    }
  }

  /** Memory was written to by others. */
  forget(): void {
    this.#known = new Map();
  }
}
