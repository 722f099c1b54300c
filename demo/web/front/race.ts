// How many samples a second the running training makes, beside plain TypeScript on the same work: both at once, each in a worker with one thread.
import { byId, say } from "../shared/dom.ts";
import { inWords } from "../shared/problems.ts";

const WARM_UP = 700; // ms: engines translate plain TypeScript while it runs
const LENGTH = 1500; // ms

/** A training at a moment: all steps so far, and the seconds that these took. */
export interface Moment {
  readonly steps: number;
  readonly seconds: number;
}

const whole = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

export class Race {
  #state: "waiting" | "running" | "over" = "waiting";

  /** Measures once; `now` is undefined while nothing runs, and then it is tried another time. */
  async run(seed: number, now: () => Moment | undefined): Promise<void> {
    if (this.#state !== "waiting" || now() === undefined) return;
    this.#state = "running";
    say(byId("race-note"), "Measuring …");
    try {
      const rates = await measure(seed, now);
      this.#state = rates === undefined ? "waiting" : "over";
      if (rates === undefined) say(byId("race-note"), "It is measured while the network above is training.");
      else show(rates.points, rates.wasm, rates.plain);
    } catch (error) {
      this.#state = "over";
      say(byId("race-note"), `It could not be measured. ${inWords(error)}`);
    }
  }

  /** There is nothing to compare: without WebAssembly the network above is plain TypeScript, too. */
  leaveOut(): void {
    this.#state = "over";
    say(byId("race-note"), "This browser has no WebAssembly SIMD: the network above is plain TypeScript itself.");
  }
}

interface Rates {
  readonly wasm: number;
  readonly plain: number;
  readonly points: number;
}

async function measure(seed: number, now: () => Moment | undefined): Promise<Rates | undefined> {
  const { Session } = await import("./session.ts");
  const plain = await Session.create(seed, "js");
  try {
    const points = plain.points.y.length;
    let begin: { readonly wasm: Moment; readonly plain: Moment; readonly time: number } | undefined;
    const start = performance.now();
    for await (const { step: steps, seconds } of plain.fit(0)) {
      const wasm = now();
      if (wasm === undefined) return undefined;
      const time = performance.now();
      if (begin === undefined && time - start > WARM_UP) begin = { wasm, plain: { steps, seconds }, time };
      else if (begin !== undefined && time - begin.time > LENGTH)
        return {
          points,
          wasm: points * rate(begin.wasm, wasm),
          plain: points * rate(begin.plain, { steps, seconds }),
        };
    }
    return undefined;
  } finally {
    await plain.dispose();
  }
}

function rate(from: Moment, to: Moment): number {
  return (to.steps - from.steps) / (to.seconds - from.seconds);
}

function show(points: number, wasm: number, plain: number): void {
  say(byId("race-wasm"), whole.format(wasm));
  say(byId("race-plain"), whole.format(plain));
  byId("race-bar").style.transform = `scaleX(${Math.min(1, plain / wasm)})`;
  byId("race-bars").classList.add("measured");
  const times = (wasm / plain).toFixed(wasm / plain < 10 ? 1 : 0);
  say(
    byId("race-note"),
    `${times} times as fast, measured just now: the same ${points} samples a step, both at once, each in a worker of one thread. “Samples/s” above is what the network makes now, without the other one beside it.`,
  );
}
