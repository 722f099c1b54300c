// Simulated time: what happens later, in the order of its time, and lines on which what is sent waits for what was sent before.

interface Event {
  readonly time: number;
  readonly place: number;
  readonly happen: () => void;
}

/** What happens later. What is due at one time happens in the order in which it was said. */
export class Events {
  /** Milliseconds since the beginning. */
  now = 0;
  #count = 0;
  /** A heap: each comes before the two at twice its place and the one after. */
  readonly #heap: Event[] = [];

  at(time: number, happen: () => void): void {
    const event = { time: Math.max(time, this.now), place: this.#count++, happen };
    let i = this.#heap.push(event) - 1;
    while (i > 0) {
      const above = (i - 1) >> 1;
      if (isBefore(this.#heap[above], event)) break;
      this.#heap[i] = this.#heap[above];
      i = above;
    }
    this.#heap[i] = event;
  }

  /** Lets the next event happen; false where there is none. */
  step(): boolean {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined) return false;
    if (last !== first) this.#sink(last);
    this.now = first.time;
    first.happen();
    return true;
  }

  #sink(event: Event): void {
    const heap = this.#heap;
    let i = 0;
    for (;;) {
      let below = 2 * i + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1], heap[below])) below++;
      if (isBefore(event, heap[below])) break;
      heap[i] = heap[below];
      i = below;
    }
    heap[i] = event;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.time < other.time || (one.time === other.time && one.place < other.place);
}

/** A wire, or a processor: it does one thing after the other, at a rate. */
export class Line {
  readonly #rate: number;
  #free = 0;

  /** @param rate amount a millisecond */
  constructor(rate: number) {
    this.#rate = rate;
  }

  /** When so much is through that comes at a time. */
  through(time: number, amount: number): number {
    this.#free = Math.max(this.#free, time) + amount / this.#rate;
    return this.#free;
  }
}
