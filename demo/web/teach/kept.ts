// What a visitor has shown, kept in this browser from one visit to the next: all of it, a moment after each change.
import { Problem } from "../shared/problems.ts";
import { discard, keep, keptFiles } from "../shared/store.ts";

const FILE = "examples";
const SOON = 300; // ms in which more may come

export interface KeptListeners {
  /** All that is to be kept; undefined where nothing is. */
  readonly all: () => Promise<Uint8Array> | undefined;
  /** Told in words why it was not kept; "" once it was. */
  readonly onKept: (problem: string) => void;
}

export class KeptExamples {
  readonly #database: string;
  readonly #listeners: KeptListeners;
  #isStale = false;
  #writing: Promise<void> | undefined;
  #failed = false;

  constructor(database: string, listeners: KeptListeners) {
    this.#database = database;
    this.#listeners = listeners;
  }

  /** Whether the browser has all of it by now. */
  get isDone(): boolean {
    return this.#writing === undefined && !this.#failed;
  }

  /** Resolves once everything that changed before is kept, or was not. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  /** What was kept; undefined where nothing was. @throws Problem where the browser keeps nothing */
  async read(): Promise<Uint8Array | undefined> {
    return (await keptFiles(this.#database)).find(({ name }) => name === FILE)?.bytes;
  }

  /** Something changed. */
  soon(): void {
    this.#isStale = true;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  async #write(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, SOON));
    while (this.#isStale) {
      this.#isStale = false;
      try {
        const bytes = await this.#listeners.all();
        if (bytes === undefined) await discard(this.#database, FILE);
        else await keep(this.#database, { name: FILE, time: Date.now(), bytes });
        this.#failed = false;
        this.#listeners.onKept("");
      } catch (error) {
        this.#failed = true;
        this.#listeners.onKept(error instanceof Problem ? error.message : `The browser says: ${error}.`);
      }
    }
  }
}
