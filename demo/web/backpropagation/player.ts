// Goes on by itself, one move after the other, until it is told to stop or there is nothing more.

export class Player {
  readonly #move: () => Promise<boolean>;
  readonly #pause: () => number;
  readonly #onChange: () => void;
  #round = 0;
  #playing = false;
  #ended: Promise<void> = Promise.resolve();

  /**
   * @param move makes the next move; false where it was the last one
   * @param pause milliseconds to the next move; 0: the next frame
   * @param onChange told when it begins and ends
   */
  constructor(move: () => Promise<boolean>, pause: () => number, onChange: () => void) {
    this.#move = move;
    this.#pause = pause;
    this.#onChange = onChange;
  }

  get playing(): boolean {
    return this.#playing;
  }

  play(): void {
    if (this.#playing) return;
    this.#playing = true;
    this.#onChange();
    const round = ++this.#round;
    // A move that is still being made comes to its end before.
    this.#ended = this.#ended.then(() => this.#follow(round));
  }

  /** @returns whether it was going */
  stop(): boolean {
    if (!this.#playing) return false;
    this.#playing = false;
    this.#round++;
    this.#onChange();
    return true;
  }

  async #follow(round: number): Promise<void> {
    while (round === this.#round) {
      const more = await this.#move();
      if (round !== this.#round) return;
      if (!more) this.stop();
      else await later(this.#pause());
    }
  }
}

function later(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    if (milliseconds > 0) setTimeout(resolve, milliseconds);
    else requestAnimationFrame(() => resolve());
  });
}
