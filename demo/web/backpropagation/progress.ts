// Which chapters a visitor has solved.
import { Kept } from "./kept.ts";

export class Progress {
  readonly #kept = new Kept("backpropagation-solved");
  readonly #solved = new Set(this.#kept.read());

  get solved(): ReadonlySet<string> {
    return this.#solved;
  }

  solve(key: string): void {
    this.#solved.add(key);
    this.#kept.write(this.#solved);
  }
}
