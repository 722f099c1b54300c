// How far a training is: a line that is written anew on a terminal, a line for each tenth elsewhere.
import type { TabularProgress } from "../tabular/index.ts";
import type { Terminal } from "./io.ts";
import { shown } from "./words.ts";

const WIDTH = 24;

/** Milliseconds between two pictures. */
const PACE = 80;

/** Tells of epochs. */
export class Progress {
  readonly #terminal: Terminal | undefined;
  #model = "";
  #tenth = 0;
  #drawn = 0;
  #isOpen = false;

  constructor(terminal: Terminal | undefined) {
    this.#terminal = terminal;
  }

  tell({ model, epoch, epochs, loss, validation }: TabularProgress): void {
    if (this.#terminal === undefined) return;
    if (model !== this.#model) {
      this.end();
      this.#model = model;
      this.#tenth = 0;
    }
    const what = model === "linear" ? "linear model" : "network";
    const words = `epoch ${epoch} of ${epochs} at most: loss ${shown(loss)}, validation ${shown(validation)}`;
    if (this.#terminal.isTerminal) this.#draw(`${what.padEnd(12)} ${bar(epoch / epochs)} ${words}`);
    else {
      const tenth = Math.floor((10 * epoch) / epochs);
      if (tenth > this.#tenth) this.#terminal.err(`${what}: ${10 * tenth} %, ${words}\n`);
      this.#tenth = tenth;
    }
  }

  #draw(line: string): void {
    const now = Date.now();
    if (now - this.#drawn < PACE) return;
    this.#drawn = now;
    this.#isOpen = true;
    this.#terminal?.err(`\r\u001b[2K${line}`);
  }

  /** Leaves the line. */
  end(): void {
    if (this.#isOpen) this.#terminal?.err("\r\u001b[2K");
    this.#isOpen = false;
  }
}

function bar(share: number): string {
  const full = Math.round(WIDTH * Math.min(1, share));
  return `[${"=".repeat(full)}${" ".repeat(WIDTH - full)}]`;
}
