// Reports that nobody has taken yet, in their order. A training of a small network has a million in a second: taking one costs the same
// however many there are.

export class Reports<R> {
  #all: R[] = [];
  #taken = 0;

  get count(): number {
    return this.#all.length - this.#taken;
  }

  /** Puts one behind the others; where there are twice as many as `most`, the older half goes. */
  add(one: R, most: number): void {
    if (this.count === 2 * most) this.#drop(most);
    this.#all.push(one);
  }

  take(): R {
    const one = this.#all[this.#taken++];
    if (2 * this.#taken > this.#all.length) this.#drop(0);
    return one;
  }

  /** Lets go of those that were taken, and of so many more. */
  #drop(more: number): void {
    this.#all = this.#all.slice(this.#taken + more);
    this.#taken = 0;
  }
}
