// One training after the other: the next one is made, and the one before let go, when it is first asked for.

export class Trial<T extends { dispose(): Promise<unknown> }> {
  readonly #make: () => Promise<T>;
  #current: T | undefined;
  #over = true;

  constructor(make: () => Promise<T>) {
    this.#make = make;
  }

  /** The next one that is asked for shall be another one. */
  renew(): void {
    this.#over = true;
  }

  async get(): Promise<T> {
    if (this.#current !== undefined && !this.#over) return this.#current;
    await this.#current?.dispose();
    this.#current = undefined;
    this.#current = await this.#make();
    this.#over = false;
    return this.#current;
  }
}
