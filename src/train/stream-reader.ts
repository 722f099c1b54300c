// Reads a source chunk by chunk: each is checked, and becomes a block of rows. What goes wrong is told with the chunk's number.

import { nextOf, openSource, type Reading, within } from "../data/reading.ts";
import type { Awaitable, DataSource } from "../data/source.ts";
import { DataError, SimdgradError } from "../errors.ts";
import { advise } from "./advise.ts";
import type { CheckedSamples, Samples } from "./dataset.ts";
import {
  type Block,
  blockOf,
  type Column,
  checkAlike,
  columnsOf,
  partsLike,
  rowLike,
  type SampleRow,
} from "./stream-rows.ts";

/** Samples of any model. */
type AnySamples = Samples<unknown, unknown>;

/** Milliseconds in which a source may end: what it throws by then is told. */
const CLOSING = 1000;

/** What chunks are checked by. */
export interface ChunkChecks {
  /** Samples as a data set takes them. */
  readonly checked: (samples: AnySamples) => CheckedSamples;
  /** Builds the step for samples of these shapes. @returns what checks the numbers of others */
  readonly tried: (samples: CheckedSamples) => (samples: CheckedSamples) => void;
}

export class ChunkReader {
  /** What samples are made of, once one is known. */
  columns: readonly Column[] | undefined;
  row: SampleRow | undefined;
  /** Whether the source gives its rows once. */
  isOnce = false;
  readonly #source: DataSource<AnySamples>;
  readonly #checks: ChunkChecks;
  #check: ((samples: CheckedSamples) => void) | undefined;
  #reading: Reading<AnySamples> | undefined;
  /** Whether the source is asked and has not answered. */
  #asked = false;
  #closed = false;
  #opened = 0;
  #chunk = 0;

  constructor(source: DataSource<AnySamples>, checks: ChunkChecks) {
    this.#source = source;
    this.#checks = checks;
  }

  /** Chunks of this pass that were read. */
  get chunks(): number {
    return this.#chunk;
  }

  /** Opens the next pass. `again`: another one is wanted after it. @throws DataError for a source that gives its rows once */
  async open(at: number, pass: number, again: boolean): Promise<void> {
    this.#opened++;
    this.#chunk = 0;
    const reading = await this.#answer("opening it", () => openSource(this.#source, at, pass));
    this.#reading = reading;
    this.isOnce = reading.isOnce;
    if (this.#closed) return this.close(); // meanwhile
    if (reading.isOnce && (again || this.#opened > 1))
      throw new DataError(
        `data: this source gives its rows once, and the fit has another pass; give a function that makes one: () => rows()`,
      );
  }

  /** The next rows; undefined at the end of the pass. */
  async next(): Promise<Block | undefined> {
    const reading = this.#reading as Reading<AnySamples>;
    const { done, value } = await this.#answer(`chunk ${this.#chunk + 1}`, () => nextOf(reading));
    if (done) {
      this.#reading = undefined; // it has ended by itself
      return undefined;
    }
    this.#chunk++;
    try {
      return this.#block(value as AnySamples);
    } catch (error) {
      const said = advise(error, value as AnySamples);
      if (said instanceof SimdgradError) said.message = `data: ${this.#name}: ${said.message}`;
      throw said;
    }
  }

  get #name(): string {
    return `chunk ${this.#chunk}${this.#opened > 1 ? ` of pass ${this.#opened}` : ""}`;
  }

  #block(given: AnySamples): Block {
    const samples = this.#checks.checked(given);
    const parts = partsLike(samples, this.columns);
    if (this.columns === undefined || this.#check === undefined) {
      this.#check = this.#checks.tried(samples);
      this.columns = columnsOf(parts);
      this.row = rowLike(samples);
    } else {
      checkAlike(parts, this.columns);
      this.#check(samples);
    }
    return blockOf(parts, samples.rows);
  }

  /** What the source answers. @throws DataError with what it throws */
  async #answer<T>(what: string, ask: () => Awaitable<T>): Promise<T> {
    this.#asked = true;
    try {
      return await ask();
    } catch (error) {
      this.#reading = undefined; // what has thrown has ended
      if (error instanceof SimdgradError) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new DataError(`data: ${what}: the source threw: ${why}`, { cause: error });
    } finally {
      this.#asked = false;
    }
  }

  /** Lets go of the source; one that was asked and has not answered, or does not answer now, may take its time for that. */
  async close(): Promise<void> {
    const [reading, isWaiting] = [this.#reading, this.#asked];
    this.#closed = true;
    this.#reading = undefined;
    if (reading === undefined) return;
    const closing = this.#answer("closing it", () => reading.close());
    closing.catch(() => undefined); // what comes later is told to nobody
    if (!isWaiting) await within(CLOSING, closing);
  }
}
