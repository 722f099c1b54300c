// What was asked of the worker and is not answered yet, in the order of the calls. A worker is given all of it in this order; where one
// dies, the next is given what the dead one did not answer.
import { ThreadError, WorkerError } from "../errors.ts";
import type { Link } from "./link.ts";

/** Something to ask of a worker, and of another one if that dies before it answers. */
export interface Order<T = unknown> {
  ask(link: Link): Promise<T>;
  /** Whether it asks nothing of a worker for now, as a paused run: then none dies over it. */
  rests?(): boolean;
  done(answer: T): void;
  refuse(error: unknown): void;
}

interface State {
  /** Whether the worker in use knows of it. */
  sent: boolean;
  /** Workers that died over it. */
  deaths: number;
}

export class Orders {
  readonly #attempts: number;
  readonly #open = new Map<Order, State>();
  /** The worker in use. */
  #link: Link | undefined;

  /** An order is refused when more workers than `attempts` have died over it. */
  constructor(attempts: number) {
    this.#attempts = attempts;
  }

  /** Gives it to the worker in use, or to the next one; not before all is known that this side asks in one go. */
  add(order: Order): void {
    this.#open.set(order, { sent: false, deaths: 0 });
    queueMicrotask(() => this.#send());
  }

  /** From now on this worker is in use. */
  begin(link: Link): void {
    this.#link = link;
    this.#send();
  }

  /** The worker in use died. @returns whether orders are refused over that: then the next worker need not die over them */
  lost(error: unknown): boolean {
    this.#link = undefined;
    const before = this.#open.size;
    for (const [order, state] of [...this.#open]) {
      state.sent = false;
      if (!order.rests?.() && ++state.deaths > this.#attempts) this.#refuse(order, error);
    }
    return this.#open.size < before;
  }

  /** Nobody will do anything any more. */
  refuse(error: unknown): void {
    this.#link = undefined;
    for (const order of [...this.#open.keys()]) this.#refuse(order, error);
  }

  /** Takes an order back. @returns false if a worker knows of it */
  withdraw(order: Order): boolean {
    return this.#open.get(order)?.sent === false && this.#open.delete(order);
  }

  /** A part of it is done, and will not be lost: the workers that died over that do not count. */
  progressed(order: Order): void {
    const state = this.#open.get(order);
    if (state !== undefined) state.deaths = 0;
  }

  #send(): void {
    const link = this.#link;
    if (link === undefined) return;
    for (const [order, state] of this.#open) {
      if (state.sent) continue;
      state.sent = true;
      order.ask(link).then(
        (answer) => {
          this.#open.delete(order);
          order.done(answer);
        },
        (error: unknown) => this.#failed(link, order, error),
      );
    }
  }

  #failed(link: Link, order: Order, error: unknown): void {
    if (link.ended) return; // lost() or refuse() knows what becomes of it
    if (error instanceof ThreadError && this.#attempts > 0)
      link.fail(new WorkerError(`the worker failed: ${error.message}`, { cause: error }));
    else this.#refuse(order, error);
  }

  #refuse(order: Order, error: unknown): void {
    if (this.#open.delete(order)) order.refuse(error);
  }
}
