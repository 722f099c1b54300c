// Feeds the steps of a fit with the rows of a stream: reads ahead of them, in bounded memory, and puts rows into the executor's slots,
// those of the next steps while the ones before are made. Which rows a step is made of depends on their order alone, never on when they came.
import type { DataSource } from "../data/source.ts";
import { DataError } from "../errors.ts";
import { aTurn } from "../runtime/turns.ts";
import type { Samples } from "./dataset.ts";
import { counted, type Place, type Places } from "./place.ts";
import type { ChunkReader } from "./stream-reader.ts";
import { type Block, type Column, copyOfBlock, Rooms, RowQueue } from "./stream-rows.ts";
import { FirstRows, ShuffleBuffer } from "./stream-shuffle.ts";
import { SLOTS, type Slots } from "./stream-slots.ts";

/** How a stream is trained on. */
export interface StreamCourse {
  readonly source: DataSource<Samples<unknown, unknown>>;
  readonly batch: number;
  readonly epochs: number;
  readonly lastBatch: "keep" | "drop" | "pad";
  /** Of an epoch; undefined where it is a pass through the source. */
  readonly stepsPerEpoch: number | undefined;
  /** Rows of the buffer that they are shuffled in; undefined for their own order. */
  readonly shuffleBuffer: number | undefined;
  /** Chunks that may be read ahead of the steps. */
  readonly readAhead: number;
}

/** Where a fit begins: its place, and what the counters hold there. */
export interface Start extends Place {
  readonly epoch: number;
  readonly count: number;
}

/** What a feed needs of whoever trains. */
export interface FeedParts {
  readonly course: StreamCourse;
  readonly start: Start;
  readonly seed: number;
  readonly reader: ChunkReader;
  readonly places: Places;
  /** Slots for such rows, of which the first chunk has so many. */
  readonly slots: (columns: readonly Column[], rows: number) => Promise<Slots>;
  /** The class index that counts nothing in a column, if there is one. */
  readonly ignored: (column: string) => number | null | undefined;
}

/** A step on rows of a slot. */
export interface StreamStep {
  readonly slot: number;
  /** Rows it is made of, and how many of them are no repeated ones. */
  readonly size: number;
  readonly rows: number;
  /** Whether there are targets that the loss ignores. */
  readonly ignores: boolean;
  readonly endsEpoch: boolean;
}

/** A pass through the source, as far as it was read. */
interface Pass {
  readonly number: number;
  readonly queue: RowQueue;
  /** What its last batch is padded with. */
  readonly first: FirstRows | undefined;
  /** Its row with which this fit begins, and the one after those that have gone into slots. */
  readonly from: number;
  row: number;
  /** All its rows, once they are known. */
  total: number | undefined;
}

/** Milliseconds of reading, after which everything else has its turn. */
const SLICE = 10;

export class Feed {
  readonly #parts: FeedParts;
  /** Those that were read and not gone into slots. */
  readonly #passes: Pass[] = [];
  #slots: Slots | undefined;
  #rooms: Rooms | undefined;
  #reading: Promise<void> | undefined;
  #closed = false;
  /** All rows that this fit wants are read. */
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;
  #since = 0;
  /** Rows that were read, all in all: now, and at the ends of chunks that are ahead of the steps. */
  #rows = 0;
  readonly #ends: number[] = [];
  /** Steps that whole passes gave. */
  #steps = 0;
  /** Rows and steps in slots that are not made. */
  #rowsWaiting = 0;
  #stepsWaiting = 0;
  /** The epoch of the fit whose steps go into slots, with how many did. */
  #epoch = 0;
  #stepsOfEpoch: number;
  /** What the counter of rows holds after them. */
  #counter: number;
  /** Steps of epochs that have come to their end in slots. */
  readonly #lengths = new Map<number, number>();
  #slot = 0;
  #current: StreamStep[] = [];
  #coming: Promise<StreamStep[] | undefined> | undefined;
  /** Somebody waits for steps: those that are there will do. */
  #isAwaited = false;
  readonly #waiting: (() => void)[] = [];

  constructor(parts: FeedParts) {
    this.#parts = parts;
    const { epoch, count, steps, pass, row, total } = parts.start;
    this.#stepsOfEpoch = steps;
    this.#counter = count;
    parts.places.add(epoch, count, { steps, pass, row, total });
  }

  /** Steps of an epoch of the fit; Infinity while they are not known. */
  stepsOf(epoch: number): number {
    this.#lengths.delete(epoch - 1);
    return this.#parts.course.stepsPerEpoch ?? this.#lengths.get(epoch) ?? Number.POSITIVE_INFINITY;
  }

  /** Steps of the whole fit; Infinity where nobody knows. */
  get totalSteps(): number {
    const { source, stepsPerEpoch, epochs } = this.#parts.course;
    const { steps, row } = this.#parts.start;
    if (stepsPerEpoch !== undefined) return epochs * stepsPerEpoch - steps;
    const { rows } = source as { readonly rows?: number };
    if (rows === undefined) return Number.POSITIVE_INFINITY;
    return (epochs - 1) * this.#stepsIn(rows) + this.#stepsIn(rows - row);
  }

  /**
   * The next steps, of one slot and one epoch, so many at the most; undefined after the last one.
   * @throws what is wrong with the source, once the steps before that are made
   */
  async next(most: number): Promise<StreamStep[] | undefined> {
    if (this.#current.length === 0) {
      this.#isAwaited = true;
      this.#changed();
      const current = await this.#prepared();
      this.#isAwaited = false;
      this.#coming = undefined;
      if (current === undefined) return undefined;
      this.#current = current;
    }
    return this.#current.splice(0, most);
  }

  /** Has the steps after those of the slot get ready meanwhile. Resolves when they are, or will not be: whoever asks for them is told. */
  async ahead(): Promise<void> {
    await this.#prepared().catch(() => undefined);
  }

  /** Steps are made. */
  made(steps: readonly StreamStep[]): void {
    for (const { rows } of steps) this.#rowsWaiting -= rows;
    this.#stepsWaiting -= steps.length;
    this.#parts.places.forgetAllBut(this.#stepsWaiting + 1);
    this.#changed();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#changed();
    await this.#parts.reader.close();
    if (!this.#isOver) return; // it may wait for its source
    await this.#reading;
    if (this.#failure !== undefined) throw this.#failure.error; // of the source's end
  }

  #prepared(): Promise<StreamStep[] | undefined> {
    this.#coming ??= this.#prepare();
    return this.#coming;
  }

  async #prepare(): Promise<StreamStep[] | undefined> {
    this.#reading ??= this.#read();
    while (!this.#closed && this.#epoch < this.#parts.course.epochs) {
      const [pass] = this.#passes;
      const steps = pass === undefined ? 0 : this.#stepsReady(pass);
      if (steps > 0 && (this.#isAwaited || this.#isFull(pass, steps))) return this.#fill(pass, steps);
      if (steps === 0 && pass?.total !== undefined) {
        this.#passes.shift();
        this.#changed();
      } else if (steps === 0 && this.#failure !== undefined) throw this.#failure.error;
      else await this.#change();
    }
    return undefined;
  }

  /**
   * Steps that the rows of a pass are enough for. Where an epoch is a pass, its last step must be known as such: so many rows wait for what
   * comes after them.
   */
  #stepsReady({ queue, total }: Pass): number {
    const { batch, lastBatch, stepsPerEpoch } = this.#parts.course;
    if (total !== undefined && lastBatch !== "drop") return Math.ceil(queue.rows / batch);
    const isKnown = total !== undefined || stepsPerEpoch !== undefined || this.#failure !== undefined;
    const held = isKnown ? 0 : lastBatch === "drop" ? batch : 1;
    return Math.max(0, Math.floor((queue.rows - held) / batch));
  }

  /** Whether no more rows will come for the next slot. */
  #isFull({ total }: Pass, steps: number): boolean {
    const { capacity, batch } = this.#slots as Slots;
    const isEnd = total !== undefined || this.#failure !== undefined || this.#isOver;
    return isEnd || steps >= capacity / batch || steps >= this.#stepsLeft || !this.#hasRoom;
  }

  /** Of the epoch. */
  get #stepsLeft(): number {
    return (this.#parts.course.stepsPerEpoch ?? Number.POSITIVE_INFINITY) - this.#stepsOfEpoch;
  }

  /** Puts the rows of the next steps into a slot. */
  #fill(pass: Pass, ready: number): StreamStep[] {
    const { batch, lastBatch } = this.#parts.course;
    const slots = this.#slots as Slots;
    const { capacity } = slots;
    const count = Math.min(ready, capacity / batch, this.#stepsLeft);
    const rows = Math.min(pass.queue.rows, count * batch);
    const padded = lastBatch === "pad" ? count * batch : rows;
    const block = pass.queue.take(rows);
    if (padded > rows) pass.first?.fill(block, rows, padded);
    const slot = this.#slot;
    this.#slot = (slot + 1) % SLOTS;
    const steps = Array.from({ length: count }, (_, i): StreamStep => {
      const start = i * batch;
      const size = Math.min(batch, padded - start);
      const own = Math.min(batch, rows - start);
      const endsEpoch = this.#count(pass, size, own, i === count - 1);
      return { slot, size, rows: own, ignores: this.#ignores(block, start, size), endsEpoch };
    });
    this.#rowsWaiting += rows;
    this.#stepsWaiting += count;
    this.#changed();
    // What comes is carried out in its order, so nothing waits for this; what refuses it refuses the steps, too.
    slots.fill(slot, block, steps[count - 1].endsEpoch ? padded : -1).catch(() => undefined);
    this.#rooms?.give(block); // what was handed over counts as it was
    return steps;
  }

  #ignores({ data }: Block, start: number, rows: number): boolean {
    const { columns } = this.#slots as Slots;
    return columns.some(({ name, width }, i) => {
      const index = this.#parts.ignored(name);
      return typeof index === "number" && data[i].subarray(start * width, (start + rows) * width).includes(index);
    });
  }

  /** Counts a step of so many rows. @returns whether it is the last one of its epoch */
  #count(pass: Pass, size: number, rows: number, isLast: boolean): boolean {
    const { course, start, places } = this.#parts;
    const { batch, lastBatch, stepsPerEpoch } = course;
    pass.row += rows;
    this.#stepsOfEpoch++;
    this.#counter = counted(this.#counter, size);
    const left = pass.queue.rows;
    const endsPass = isLast && pass.total !== undefined && (left === 0 || (lastBatch === "drop" && left < batch));
    const endsEpoch = stepsPerEpoch === undefined ? endsPass : this.#stepsLeft === 0;
    if (endsEpoch) {
      this.#lengths.set(this.#epoch++, this.#stepsOfEpoch);
      this.#stepsOfEpoch = 0;
      this.#counter = 0;
    }
    const steps = this.#stepsOfEpoch;
    const place = endsPass
      ? { steps, pass: pass.number + 1, row: 0, total: 0 }
      : { steps, pass: pass.number, row: pass.row, total: this.#drained(pass) };
    places.add(start.epoch + this.#epoch, this.#counter, place);
    return endsEpoch;
  }

  /** Rows of the pass, if more have left the buffer than were taken in for them. */
  #drained({ total = 0, row }: Pass): number {
    const { shuffleBuffer = 0 } = this.#parts.course;
    return row > Math.max(0, total - shuffleBuffer) ? total : 0;
  }

  async #read(): Promise<void> {
    const { course, start, reader } = this.#parts;
    const { epochs, stepsPerEpoch } = course;
    try {
      let from: Place = start;
      for (let opened = 1; stepsPerEpoch === undefined ? opened <= epochs : !this.#isEnough(); opened++) {
        await this.#readPass(from, opened);
        if (this.#closed || this.#isOver) return;
        from = { steps: 0, pass: from.pass + 1, row: 0, total: 0 };
      }
      this.#isOver = true;
    } catch (error) {
      this.#failure = { error };
      await reader.close().catch(() => undefined); // the first error is the one that tells
    } finally {
      this.#changed();
    }
  }

  /** Whether all steps of the fit have rows. */
  #isEnough(pass?: Pass): boolean {
    const { stepsPerEpoch, epochs, batch } = this.#parts.course;
    if (stepsPerEpoch === undefined) return false;
    const own = pass === undefined ? 0 : Math.floor((pass.row + pass.queue.rows - pass.from) / batch);
    return this.#steps + own >= epochs * stepsPerEpoch - this.#parts.start.steps;
  }

  async #readPass({ pass: number, row, total }: Place, opened: number): Promise<void> {
    const { course, reader, seed } = this.#parts;
    const { shuffleBuffer, lastBatch, epochs, stepsPerEpoch, batch } = course;
    // What a batch is padded with is at the beginning of the pass.
    const [made, skipped] = lastBatch === "pad" ? [0, row] : [row, 0];
    const shuffle =
      shuffleBuffer === undefined
        ? undefined
        : new ShuffleBuffer(shuffleBuffer, seed, number, { made, total: made && total });
    const low = shuffle?.low ?? made;
    let [rows, skip] = [low, skipped];
    let pass: Pass | undefined;
    const give = (block: Block) => {
      pass?.first?.push(block);
      const now = Math.min(skip, block.rows);
      skip -= now;
      pass?.queue.push(block, now);
      this.#changed();
    };
    await reader.open(low, number, stepsPerEpoch === undefined && opened < epochs);
    for (;;) {
      while (!this.#closed && !this.#hasRoom) await this.#change();
      if (this.#closed) return;
      if (this.#isEnough(pass)) {
        this.#isOver = true;
        return reader.close();
      }
      await this.#turn();
      let block = await reader.next();
      if (this.#closed) return;
      if (block === undefined) break;
      const columns = reader.columns as readonly Column[];
      if (this.#slots === undefined) {
        block = copyOfBlock(columns, block);
        this.#slots = await this.#parts.slots(columns, block.rows);
        this.#rooms = new Rooms(columns, this.#slots.capacity);
      }
      if (pass === undefined) {
        const first = lastBatch === "pad" ? new FirstRows(columns, batch - 1) : undefined;
        pass = { number, queue: new RowQueue(this.#rooms as Rooms), first, from: row, row, total: undefined };
        this.#passes.push(pass);
      }
      rows += block.rows;
      this.#rows += block.rows;
      this.#ends.push(this.#rows);
      give(shuffle?.push(columns, block) ?? block);
    }
    if (rows === low && (low === 0 || stepsPerEpoch === undefined))
      throw new DataError(nothingFrom(low, opened, reader.isOnce));
    if (pass === undefined) return;
    const { columns = [] } = reader;
    for (const block of shuffle?.drain(columns) ?? []) give(block);
    if (row === 0 && this.#stepsIn(rows) === 0)
      throw new DataError(`data: a pass of ${rows} rows has no batch of ${batch}, and lastBatch drops what is less`);
    pass.total = rows;
    this.#steps += this.#stepsIn(rows - row);
    this.#changed();
  }

  #stepsIn(rows: number): number {
    const { batch, lastBatch } = this.#parts.course;
    return Math.max(0, lastBatch === "drop" ? Math.floor(rows / batch) : Math.ceil(rows / batch));
  }

  /** Whether another chunk may be read: for the next step in any case, else while not too many are ahead of the steps. */
  get #hasRoom(): boolean {
    const [pass] = this.#passes;
    if (this.#slots === undefined || pass === undefined) return true;
    if (this.#stepsWaiting === 0 && this.#stepsReady(pass) === 0) return true;
    const queued = this.#passes.reduce((sum, { queue }) => sum + queue.rows, 0);
    const behind = this.#rows - queued - this.#rowsWaiting; // made, left out, or in the shuffle buffer
    while (this.#ends.length > 0 && this.#ends[0] <= behind) this.#ends.shift();
    return queued <= this.#slots.capacity && this.#ends.length < this.#parts.course.readAhead;
  }

  /** Lets everything else have its turn where reading takes long: a source may answer at once, again and again. */
  async #turn(): Promise<void> {
    const now = performance.now();
    if (now - this.#since < SLICE) return;
    await aTurn();
    this.#since = performance.now();
  }

  #changed(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }
}

function nothingFrom(row: number, opened: number, isOnce: boolean): string {
  const from = row > 0 ? ` from row ${row} on, where the fit before ended: another source begins anew` : "";
  const again = opened > 1 ? `, when it was opened for pass ${opened}: can it be read again?` : "";
  const once = isOnce
    ? "; what was gone through before gives no more: give a function that makes it anew, () => rows()"
    : "";
  return `data: the source gave no rows${from}${again}${once}`;
}
