// A plain model of a trainer: one weight, a loss whose steps are exact, one state. It knows nothing of promises: it says what a history of
// calls, each done at once, does and answers, and searches for the moments at which the calls of a real one fell between its steps.

/** Rows of x and their targets. */
export interface Rows {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** All that a snapshot holds, and what is not in one. */
export interface State {
  readonly weight: number;
  readonly rate: number;
  readonly step: number;
  readonly epoch: number;
  readonly row: number;
  readonly data: Rows | undefined;
  /** Whether the counters count in this data. */
  readonly counting: boolean;
}

/** What a snapshot holds. */
export type Snapshot = Pick<State, "weight" | "rate" | "step" | "epoch" | "row">;

/** A fit, and what it told: the loss of each of its steps. */
export interface FitEvent {
  readonly kind: "fit";
  readonly batch: number;
  readonly lastBatch: "keep" | "drop" | "pad";
  readonly epochs: number;
  readonly losses: readonly number[];
  /** Whether it was told to end before its last step. */
  readonly stopped: boolean;
  /** Whether its executor or trainer ended before it: it may have made more steps than it told. */
  readonly cut: boolean;
}

/** A call that was carried out, and what it answered. */
export type Event = (
  | FitEvent
  | { readonly kind: "load"; readonly data: Rows }
  | { readonly kind: "restore"; readonly snapshot: Snapshot }
  | { readonly kind: "snapshot"; readonly answer: Snapshot }
  | { readonly kind: "weight"; readonly answer: number }
  | { readonly kind: "rate"; readonly answer: number }
  | { readonly kind: "predict"; readonly x: number; readonly answer: number }
  | { readonly kind: "evaluate"; readonly data: Rows; readonly answer: number }
  | { readonly kind: "nothing" }
  | { readonly kind: "write weight"; readonly value: number }
  | { readonly kind: "write rate"; readonly value: number }
) & {
  /** Calls with the same number were made and answered while the fit was paused: no step lies between them. */
  readonly pause?: number;
};

/** A fit under way. */
interface Course {
  readonly event: FitEvent;
  readonly sizes: readonly number[];
  readonly from: number;
  /** Steps that it makes where nobody ends it. */
  readonly all: number;
  readonly made: number;
}

/** One point of the search. */
interface Point {
  readonly state: State;
  /** Events that have happened. */
  readonly done: number;
  readonly course: Course | undefined;
}

/** Loss of a model with this weight: the sum of its errors, so that each step tells the weight it began with. */
export function lossOf(weight: number, { x, y }: Rows, rows: readonly number[]): number {
  return rows.reduce((sum, row) => sum + weight * x[row] - y[row], 0);
}

/** Whether a trainer that begins in `state` can give this history; if not, how far one comes at the most. */
export function explained(state: State, events: readonly Event[]): { readonly far: number; readonly all: boolean } {
  const open: Point[] = [{ state, done: 0, course: undefined }];
  const seen = new Set<string>();
  let far = 0;
  for (let point = open.pop(); point !== undefined; point = open.pop()) {
    const { data: _, ...numbers } = point.state;
    const key = `${Object.values(numbers)} ${point.done} ${point.course?.made}`;
    if (seen.has(key)) continue;
    seen.add(key);
    far = Math.max(far, point.done);
    if (point.done === events.length && isOver(point.course)) return { far, all: true };
    open.push(...next(point, events));
  }
  return { far, all: false };
}

function isOver(course: Course | undefined): boolean {
  return course === undefined || course.made >= course.event.losses.length;
}

function* next({ state, done, course }: Point, events: readonly Event[]): Generator<Point> {
  const event = events[done];
  const after = events[done - 1];
  if (event !== undefined) {
    // What a fit relies on changes when it is over.
    const waits = event.kind === "fit" || event.kind === "load" || event.kind === "restore";
    if (event.kind === "fit") {
      if (isOver(course)) for (const begun of beginnings(state, event)) yield { ...begun, done: done + 1 };
    } else if (!waits || isOver(course)) {
      const changed = happen(state, event);
      if (changed !== undefined) yield { state: changed, done: done + 1, course };
    }
  }
  if (course === undefined || course.made === (course.event.cut ? course.all : course.event.losses.length)) return;
  if (event?.pause !== undefined && event.pause === after?.pause) return;
  const stepped = step(state, course);
  if (stepped !== undefined) yield { state: stepped, done, course: { ...course, made: course.made + 1 } };
}

/** State after a call that is no fit; undefined if its answer is another one than this state's. */
function happen(state: State, event: Exclude<Event, FitEvent>): State | undefined {
  const { weight, rate, step: made, epoch, row } = state;
  const held = (is: boolean) => (is ? state : undefined);
  switch (event.kind) {
    case "load": {
      const left = state.counting && row > 0;
      return { ...state, data: event.data, counting: false, row: left ? 0 : row, epoch: left ? epoch + 1 : epoch };
    }
    case "restore":
      return { ...state, ...event.snapshot, counting: false };
    case "snapshot": {
      const { answer } = event;
      return held(
        answer.weight === weight &&
          answer.rate === rate &&
          answer.step === made &&
          answer.epoch === epoch &&
          answer.row === row,
      );
    }
    case "nothing":
      return state;
    case "weight":
      return held(event.answer === weight);
    case "rate":
      return held(event.answer === rate);
    case "predict":
      return held(event.answer === Math.fround(weight * event.x));
    case "evaluate":
      return held(event.answer === lossOf(weight, event.data, [...event.data.x.keys()]));
    case "write weight":
      return { ...state, weight: event.value };
    case "write rate":
      return { ...state, rate: event.value };
  }
}

/** A fit begins with the epoch that was left, or with another one where its batches do not meet that one's end. */
function* beginnings(state: State, event: FitEvent): Generator<Pick<Point, "state" | "course">> {
  const { data, row, epoch } = state;
  // One that ended before its first step may have got no further than its preparation.
  if (event.losses.length === 0 && (event.stopped || event.cut)) yield { state, course: undefined };
  if (data === undefined) return;
  const rows = data.x.length;
  const [whole, rest] = [Math.floor(rows / event.batch), rows % event.batch];
  const sizes = new Array<number>(whole).fill(event.batch);
  if (rest > 0 && event.lastBatch !== "drop") sizes.push(event.lastBatch === "pad" ? event.batch : rest);
  const met = Number.isInteger(row / event.batch) && row / event.batch < sizes.length;
  const from = met && event.epochs > 0 ? row / event.batch : 0;
  const all = event.epochs * sizes.length - from;
  if (event.losses.length > all) return;
  if (event.losses.length < all && !event.stopped && !event.cut) return;
  const course = { event, sizes, from, all, made: 0 };
  const anew = met || event.epochs === 0 ? state : { ...state, row: 0, epoch: row > 0 ? epoch + 1 : epoch };
  yield { state: { ...anew, counting: true }, course };
}

/** A step of a fit; undefined if it told another loss. */
function step(state: State, { event, sizes, from, made }: Course): State | undefined {
  const { data, weight, rate, row, epoch } = state;
  if (data === undefined) return undefined;
  const size = sizes[(from + made) % sizes.length];
  const total = data.x.length;
  const rows = Array.from({ length: size }, (_, i) => (row + i) % total);
  if (made < event.losses.length && lossOf(weight, data, rows) !== event.losses[made]) return undefined;
  const slope = rows.reduce((sum, each) => sum + data.x[each], 0);
  const end = event.lastBatch === "drop" ? total - (total % event.batch) : total;
  const on = row + size < end;
  return {
    ...state,
    weight: weight - rate * slope,
    step: state.step + 1,
    row: on ? row + size : 0,
    epoch: on ? epoch : epoch + 1,
  };
}
