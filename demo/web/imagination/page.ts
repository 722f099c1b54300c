// The page of imagination: two halves, of which one is chosen; buttons, figures and tools are those of the chosen one.
import { Chart } from "../shared/chart.ts";
import { byId, enable, onPress, say, sayNumber } from "../shared/dom.ts";
import { inWords, isEnd } from "../shared/problems.ts";
import { type Phase, Run } from "../shared/run.ts";
import { onSettled } from "../shared/settled.ts";
import { Curve, Smoother } from "../shared/smoothing.ts";
import { onSurePress } from "../shared/sure.ts";
import { startTools } from "../shared/tools.ts";
import { GanPart } from "./gan-part.ts";
import type { Part, Progress } from "./part.ts";
import { imaginationAddress, type PartName } from "./settings.ts";
import { VaePart } from "./vae-part.ts";

const DRAW_EVERY = 100; // ms from one change of figures and charts to the next
const LOOK_EVERY: Readonly<Record<PartName, number>> = { vae: 150, gan: 30 }; // ms from one picture to the next
const names: readonly PartName[] = ["vae", "gan"];

const going: Readonly<Record<Phase, string>> = {
  idle: "Start training",
  starting: "Starting …",
  running: "Pause",
  paused: "Resume",
  stopping: "Stopping …",
};

/** A half and its training. */
interface Half {
  readonly part: Part;
  readonly run: Run<Progress>;
  readonly chart: Chart;
  smoothers: readonly Smoother[];
  curves: readonly Curve[];
  before: number;
  step: number;
  loss: number;
  other: number;
  perSecond: number;
  pausing: boolean;
  problem: string;
}

export class ImaginationPage {
  readonly #address = imaginationAddress();
  readonly #seed = byId("seed", HTMLInputElement);
  readonly #gan = new GanPart(() => void this.#changed());
  readonly #halves: Readonly<Record<PartName, Half>>;
  readonly #tools = startTools({
    code: () => this.#half.part.code(this.#seedValue(), Math.max(1, this.#half.step || this.#steps || 1000)),
    address: () => this.#writeAddress(this.#isMoving() ? this.#steps : this.#half.step),
    model: () => this.#half.part.portable(this.#half.step),
  });
  #chosen: PartName = "vae";
  /** Steps after which it stops by itself; 0: none. */
  #steps = 0;
  #drawn = 0;
  #drawing = false;
  #looked = 0;

  constructor() {
    this.#halves = {
      vae: this.#newHalf(
        "vae",
        new VaePart(),
        new Chart(byId("vae-chart"), {
          label: "Loss over steps",
          xLabel: "step",
          yLabel: "nats per digit",
          format: (value) => String(Number(value.toPrecision(3))),
          lines: [{ name: "loss (smoothed)", colour: "accent" }],
        }),
      ),
      gan: this.#newHalf(
        "gan",
        this.#gan,
        new Chart(byId("gan-chart"), {
          label: "Losses over steps",
          xLabel: "step",
          yLabel: "loss",
          format: (value) => String(Number(value.toPrecision(3))),
          lines: [
            { name: "generator (smoothed)", colour: "second" },
            { name: "critic (smoothed)", colour: "accent" },
          ],
        }),
      ),
    };
    const { part, data, game, points, seed, steps } = this.#address.read();
    this.#gan.choice = { data, game, points };
    this.#seed.value = String(seed);
    this.#steps = steps;
    onPress(byId("go"), () => this.#go());
    onSurePress(
      byId("reset"),
      () => this.#half.step > 0,
      () => void this.#startOver(this.#half),
    );
    onSettled(this.#seed.closest("section") ?? this.#seed, {
      costs: () => this.#hasTraining,
      settled: () => {
        say(
          byId("seed-note"),
          this.#hasTraining ? "The training before has ended. The next one begins by this seed." : "",
        );
        void this.#seedChanged();
      },
      waits: () =>
        say(byId("seed-note"), "Enter, or leaving the field, ends the training: the next begins by this seed."),
    });
    for (const name of names) {
      const tab = byId(`tab-${name}`);
      tab.addEventListener("click", () => this.#choose(name));
      tab.addEventListener("keydown", ({ key }) => {
        if (key !== "ArrowLeft" && key !== "ArrowRight") return;
        const other = name === "vae" ? "gan" : "vae";
        this.#choose(other);
        byId(`tab-${other}`).focus();
      });
    }
    this.#show(part);
  }

  get #half(): Half {
    return this.#halves[this.#chosen];
  }

  #newHalf(name: PartName, part: Part, chart: Chart): Half {
    const half: Half = {
      part,
      run: new Run<Progress>({
        onPhase: (phase) => {
          // One that was still starting when the other tab was chosen.
          if (phase === "running" && half !== this.#half) void this.#pause(half);
          else this.#showPhase(half);
        },
        onReport: (report) => this.#reported(name, half, report),
        onEnd: () => this.#ended(half),
        onError: (error) => this.#failed(half, error),
      }),
      chart,
      smoothers: [],
      curves: [],
      before: 0,
      step: 0,
      loss: Number.NaN,
      other: Number.NaN,
      perSecond: Number.NaN,
      pausing: false,
      problem: "",
    };
    clear(half);
    return half;
  }

  #choose(name: PartName): void {
    if (name === this.#chosen) return;
    const before = this.#half;
    if (before.run.phase === "running") void this.#pause(before);
    this.#steps = 0;
    this.#show(name);
    this.#writeAddress(0);
  }

  #show(name: PartName): void {
    this.#chosen = name;
    for (const each of names) {
      const tab = byId(`tab-${each}`);
      tab.ariaSelected = String(each === name);
      tab.tabIndex = each === name ? 0 : -1;
      byId(`part-${each}`).hidden = each !== name;
    }
    say(byId("loss-name"), name === "vae" ? "Loss" : "Generator’s loss");
    say(byId("other-name"), name === "vae" ? "Digits per second" : "Critic’s loss");
    this.#problem(this.#half, this.#half.problem);
    this.#showPhase(this.#half);
    this.#draw();
  }

  /** Whether another seed would throw one away. */
  get #hasTraining(): boolean {
    return names.some((name) => this.#halves[name].step > 0 || this.#halves[name].run.phase !== "idle");
  }

  #seedValue(): number {
    const seed = Number(this.#seed.value);
    return Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32 ? seed : 0;
  }

  #writeAddress(steps: number): void {
    const { choice } = this.#gan;
    const points = choice.data === "own" ? choice.points : [];
    this.#address.write({ ...choice, points, part: this.#chosen, seed: this.#seedValue(), steps });
  }

  #isMoving(): boolean {
    const { pausing, run } = this.#half;
    return pausing || !(run.phase === "idle" || run.phase === "paused");
  }

  #go(): void {
    const half = this.#half;
    if (half.run.phase === "running") void this.#pause(half);
    else if (half.run.phase === "paused") half.run.resume();
    else void this.#start(half);
  }

  async #pause(half: Half): Promise<void> {
    half.pausing = true;
    this.#showPhase(half);
    await half.run.pause();
    // The steps that were made meanwhile are told of within a frame or two.
    await new Promise((resolve) => setTimeout(resolve, 60));
    half.pausing = false;
    this.#draw();
    this.#showPhase(half);
    this.#look(half);
  }

  async #start(half: Half): Promise<void> {
    this.#problem(half, "");
    say(byId("seed-note"), "");
    // Who has come to the end that the address asks for, goes on without one.
    if (this.#steps > 0 && half.step >= this.#steps) this.#steps = 0;
    await half.run.start(async () => {
      await half.part.open(this.#seedValue(), (text) => {
        if (half === this.#half) say(byId("state"), text);
      });
      half.before = half.step;
      const steps = this.#steps > 0 ? this.#steps - half.before : 0;
      return () => half.part.begin(steps);
    });
  }

  /** Other data, another game: what is under way begins anew, and goes on if it was going. */
  async #changed(): Promise<void> {
    const { gan } = this.#halves;
    const wasGoing = gan.run.phase === "running" || gan.run.phase === "starting";
    this.#steps = 0;
    await this.#startOver(gan);
    this.#writeAddress(0);
    if (wasGoing && gan.part.lacks() === "") await this.#start(gan);
  }

  async #seedChanged(): Promise<void> {
    this.#seed.value = String(this.#seedValue());
    this.#steps = 0;
    await Promise.all(names.map((name) => this.#startOver(this.#halves[name])));
    this.#writeAddress(0);
  }

  /** Ends what is under way, and forgets the networks. */
  async #startOver(half: Half): Promise<void> {
    await half.run.stop();
    await half.part.close();
    clear(half);
    this.#problem(half, "");
    this.#draw();
    this.#showPhase(half);
  }

  #showPhase(half: Half): void {
    if (half !== this.#half) return;
    const { phase } = half.run;
    const isTrained = half.step > 0;
    const lacks = phase === "idle" ? half.part.lacks() : "";
    say(byId("go"), half.pausing ? "Pausing …" : phase === "idle" && isTrained ? "Train on" : going[phase]);
    enable(byId("go"), !half.pausing && lacks === "" && phase !== "starting" && phase !== "stopping");
    enable(byId("reset"), isTrained && phase !== "starting" && phase !== "stopping");
    this.#tools.enable(isTrained);
    if (half.pausing) return;
    const words: Readonly<Record<Phase, string>> = {
      idle: lacks !== "" ? lacks : isTrained ? `Done: ${half.step.toLocaleString("en")} steps.` : "Ready.",
      starting: "Starting …",
      running: half.part.said(),
      paused: "Paused. The picture still answers.",
      stopping: "Stopping …",
    };
    say(byId("state"), words[phase]);
  }

  #reported(name: PartName, half: Half, { step, losses, others, perSecond }: Progress): void {
    const first = half.step === 0;
    half.step = half.before + step;
    half.loss = losses.at(-1) ?? half.loss;
    half.other = others?.at(-1) ?? half.other;
    half.perSecond = perSecond;
    losses.forEach((loss, i) => {
      const at = half.step - losses.length + 1 + i;
      half.curves[0].add(at, half.smoothers[0].next(loss));
      if (others !== undefined && Number.isFinite(others[i])) half.curves[1].add(at, half.smoothers[1].next(others[i]));
    });
    if (first) this.#showPhase(half);
    this.#drawSoon();
    if (performance.now() - this.#looked > LOOK_EVERY[name]) this.#look(half);
  }

  #look(half: Half): void {
    this.#looked = performance.now();
    half.part.look().catch(() => undefined); // its worker died, which the run tells of
  }

  #drawSoon(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    const wait = Math.max(0, DRAW_EVERY - (performance.now() - this.#drawn));
    setTimeout(() => {
      requestAnimationFrame(() => {
        this.#drawing = false;
        this.#draw();
      });
    }, wait);
  }

  #draw(): void {
    this.#drawn = performance.now();
    const { step, loss, other, perSecond, chart, curves } = this.#half;
    const isKnown = step > 0 && !Number.isNaN(loss);
    say(byId("figure-step"), step > 0 ? step.toLocaleString("en") : "–");
    if (isKnown) sayNumber(byId("figure-loss"), loss, loss.toPrecision(4));
    else {
      say(byId("figure-loss"), "–");
      delete byId("figure-loss").dataset.exact;
    }
    const second = this.#chosen === "gan" ? other : perSecond;
    const text = this.#chosen === "gan" ? second.toPrecision(3) : Number(second.toPrecision(3)).toLocaleString("en");
    say(byId("figure-other"), isKnown && Number.isFinite(second) ? text : "–");
    chart.show(curves.map((curve) => curve.points()));
  }

  #ended(half: Half): void {
    this.#draw();
    this.#showPhase(half);
    this.#look(half);
  }

  #failed(half: Half, error: unknown): void {
    this.#draw();
    this.#problem(half, inWords(error));
    this.#showPhase(half);
    if (half.step === 0 && !isEnd(error)) return;
    // What is broken is not gone on with.
    void half.part
      .close()
      .catch(() => undefined)
      .then(() => {
        clear(half);
        this.#showPhase(half);
      });
  }

  #problem(half: Half, text: string): void {
    half.problem = text;
    if (half !== this.#half) return;
    const element = byId("problem");
    element.hidden = text === "";
    say(element, text);
  }
}

function clear(half: Half): void {
  const count = half.part instanceof GanPart ? 2 : 1;
  half.curves = Array.from({ length: count }, () => new Curve());
  half.smoothers = half.curves.map(() => new Smoother(0.95));
  half.before = 0;
  half.step = 0;
  half.loss = Number.NaN;
  half.other = Number.NaN;
  half.perSecond = Number.NaN;
}
