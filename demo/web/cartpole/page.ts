// The page of the cart and its pole: a form, a training, a stage where the network of the moment balances, and what is told of both.
import { CARTPOLE_LIMIT, CARTPOLE_TIME } from "../../node/environments/cartpole.ts";
import { Lately } from "../../node/reinforcement/episodes.ts";
import { Address } from "../shared/address.ts";
import { Chart } from "../shared/chart.ts";
import { byId, enable, onPress, say, sayNumber } from "../shared/dom.ts";
import { inWords } from "../shared/problems.ts";
import type { Phase } from "../shared/run.ts";
import { Curve } from "../shared/smoothing.ts";
import { type Metadata, type Portable, startTools } from "../shared/tools.ts";
import { codeOf } from "./code.ts";
import { SettingsForm } from "./form.ts";
import { Mind } from "./mind.ts";
import type { Report } from "./order.ts";
import { Policies, type Policy } from "./policies.ts";
import { fields, type Settings, ways } from "./settings.ts";
import { sources } from "./sources.ts";
import { type Frame, Stage } from "./stage.ts";
import { Training } from "./training.ts";

const EVERY = 200; // ms from one drawing of the curves to the next
const NOTE = "A change here ends the training. Its network goes on balancing until the next one starts.";
const whole = new Intl.NumberFormat("en");
const three = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

const going: Readonly<Record<Phase, string>> = {
  idle: "Start training",
  starting: "Starting …",
  running: "Pause",
  paused: "Resume",
  stopping: "Pausing …",
};

export class CartPolePage {
  readonly #address = new Address(fields);
  /** Updates after which it stops, as its address said; 0: at the end. */
  #limit = this.#address.read().steps;
  readonly #form = new SettingsForm(this.#address.read(), {
    costs: () => this.#hasTraining,
    settled: () => this.#changed(),
    waits: () => this.#note("Enter, or leaving the field, ends the training: the next one begins by this."),
  });
  readonly #training = new Training({
    onPhase: (phase) => this.#phaseChanged(phase),
    onReport: (report) => this.#reported(report),
    onEnd: () => this.#ended(),
    onError: (error) => this.#failed(error),
  });
  readonly #stage = new Stage(byId("stage", HTMLCanvasElement), this.#form.read(), (frame) => this.#showFrame(frame));
  readonly #chart = new Chart(byId("chart"), {
    label: "Length of the episodes, in steps of the cart",
    xLabel: "Episode",
    yLabel: "Steps",
    lines: [
      { name: "an episode", colour: "accent-faint", width: 1 },
      { name: "mean of the last 20", colour: "accent" },
    ],
    format: (value) => whole.format(Math.round(value)),
    range: () => [0, CARTPOLE_LIMIT],
  });
  readonly #past = byId("past", HTMLInputElement);
  readonly #speed = byId("speed", HTMLSelectElement);
  #isSpeedChosen = false;
  /** How long the visitor balanced it last. */
  #last: number | undefined;
  readonly #policies = new Policies();
  #each = new Curve();
  #means = new Curve();
  #lately = new Lately();
  #episodes = 0;
  /** What the training was begun with, and what was heard of it last. */
  #settings: Settings | undefined;
  #report: Report | undefined;
  #drawn = 0;
  #mind: Mind | undefined;

  readonly #tools = startTools({
    code: () => codeOf(this.#settings ?? this.#form.read(), this.#report?.updates ?? this.#limit, sources),
    address: () => this.#writeAddress(this.#report?.updates ?? this.#limit),
    link: () => this.#linkHolds(),
    model: () => this.#portable(),
  });

  constructor() {
    onPress(byId("go"), () => this.#go());
    onPress(byId("reset"), () => this.#reset("Reset. The next training begins with new weights."));
    for (const [id, direction, key] of [
      ["push-left", -1, "ArrowLeft"],
      ["push-right", 1, "ArrowRight"],
    ] as const)
      this.#listen(byId(id), direction, key);
    this.#speed.addEventListener("change", () => {
      this.#isSpeedChosen = true;
      this.#stage.speed = Number(this.#speed.value);
    });
    this.#showSpeed();
    this.#past.addEventListener("input", () => this.#choosePolicy());
    this.#phaseChanged("idle");
    // A link's number may lie between two places of its slider: the address says which is used.
    if (location.hash.includes("=")) this.#writeAddress(this.#limit);
    const stops =
      this.#limit === 0 ? "" : ` It will stop after ${whole.format(this.#limit)} updates, as the link says.`;
    say(
      byId("state"),
      `Nobody balances the pole yet. Try it, by gentle pushes in slow motion, or start the training.${stops}`,
    );
  }

  /** A push lasts as long as its button, or its key, is held. */
  #listen(button: HTMLElement, direction: number, key: string): void {
    const start = () => this.#stage.push(direction);
    const end = () => this.#stage.letGo();
    button.addEventListener("pointerdown", start);
    for (const name of ["pointerup", "pointerleave", "pointercancel"]) button.addEventListener(name, end);
    button.addEventListener("click", () => {
      start();
      end();
    });
    const isElsewhere = ({ target }: KeyboardEvent) =>
      target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLPreElement;
    document.addEventListener("keydown", (event) => {
      if (event.key !== key || isElsewhere(event)) return;
      event.preventDefault();
      start();
    });
    addEventListener("blur", end);
    document.addEventListener("keyup", (event) => {
      if (event.key === key) end();
    });
  }

  #go(): void {
    const { phase } = this.#training;
    if (phase === "running") this.#training.pause();
    else if (phase === "paused") void this.#training.resume(this.#until());
    else if (phase === "idle") {
      this.#forget();
      this.#note(NOTE);
      this.#settings = this.#form.read();
      void this.#training.start(this.#settings, this.#until());
    }
  }

  /** The limit of the address counts until it is reached. */
  #until(): number {
    return (this.#report?.updates ?? 0) < this.#limit ? this.#limit : Number.POSITIVE_INFINITY;
  }

  /** Ends the training under way; its network tries the new task until another one starts. */
  #changed(): void {
    this.#limit = 0;
    const had = this.#hasTraining;
    const mind = this.#mind;
    const tries = mind === undefined ? "" : " Its network balances as it can until you start again.";
    this.#reset(had ? `Other settings, so the training has ended.${tries}` : undefined);
    if (mind !== undefined) this.#goOnWith(mind);
    this.#note(had ? "The training before has ended. The next one begins by these." : NOTE);
    this.#writeAddress(0);
    this.#stage.scene = this.#form.read();
  }

  #goOnWith(mind: Mind): void {
    this.#setMind(mind);
    this.#sayPast("that was trained before");
    this.#phaseChanged(this.#training.phase);
  }

  #linkHolds(): string {
    const found = "Whoever opens it finds these settings before the first update";
    const updates = this.#report?.updates ?? this.#limit;
    if (updates === 0) return `${found}.`;
    return `${found}: “Start training” makes ${updates === 1 ? "1 update" : `${whole.format(updates)} updates`}, and stops.`;
  }

  #writeAddress(steps: number): void {
    this.#address.write({ ...(this.#settings ?? this.#form.read()), steps });
  }

  #reset(text?: string): void {
    this.#training.reset();
    this.#settings = undefined;
    this.#forget();
    if (text !== undefined) say(byId("state"), text);
  }

  #forget(): void {
    this.#report = undefined;
    this.#episodes = 0;
    this.#lately = new Lately();
    this.#each = new Curve();
    this.#means = new Curve();
    this.#policies.clear();
    this.#setMind(undefined);
    this.#chart.show([this.#each.points(), this.#means.points()]);
    for (const name of ["step", "loss", "episodes", "length", "times"]) say(byId(`figure-${name}`), "–");
    delete byId("figure-loss").dataset.exact;
    this.#showPolicies(true);
    this.#problem("");
    this.#phaseChanged(this.#training.phase);
  }

  #phaseChanged(phase: Phase): void {
    const finished = phase === "idle" && this.#report !== undefined;
    say(byId("go"), finished ? "Train again" : going[phase]);
    enable(byId("go"), phase !== "starting" && phase !== "stopping");
    const isThere = this.#report !== undefined || this.#mind !== undefined;
    enable(byId("reset"), isThere && phase !== "starting" && phase !== "stopping");
    this.#tools?.enable(this.#report !== undefined);
    if (phase === "running") say(byId("state"), "Training. What you see is the network of this moment.");
    if (phase === "paused") {
      this.#drawCurves();
      say(byId("state"), "Paused. Push the cart, look back, and go on when you like.");
    }
  }

  #reported(report: Report): void {
    this.#report = report;
    for (const length of report.lengths) {
      this.#episodes++;
      this.#lately.add(length);
      this.#each.add(this.#episodes, length);
      this.#means.add(this.#episodes, this.#lately.mean);
    }
    say(byId("figure-step"), whole.format(report.updates));
    say(byId("figure-episodes"), whole.format(this.#episodes));
    if (!Number.isNaN(report.loss)) sayNumber(byId("figure-loss"), report.loss, three.format(report.loss));
    if (this.#episodes > 0) say(byId("figure-length"), `${Math.round(this.#lately.mean)} of ${CARTPOLE_LIMIT}`);
    const times = (report.steps * CARTPOLE_TIME * 1000) / report.milliseconds;
    if (report.steps > 0) say(byId("figure-times"), `${three.format(times)} ×`);
    this.#policies.add({ episodes: this.#episodes, mind: new Mind((this.#settings as Settings).way, report) });
    this.#showPolicies(this.#past.value === this.#past.max);
    const now = performance.now();
    if (now - this.#drawn > EVERY) this.#drawCurves();
    this.#tools.enable(true);
  }

  #drawCurves(): void {
    this.#drawn = performance.now();
    this.#chart.show([this.#each.points(), this.#means.points()]);
  }

  /** The slider of policies; at its end it stays with the latest one. */
  #showPolicies(latest: boolean): void {
    const { all } = this.#policies;
    this.#past.max = String(Math.max(0, all.length - 1));
    if (latest) this.#past.value = this.#past.max;
    this.#past.disabled = all.length < 2;
    this.#choosePolicy();
  }

  #choosePolicy(): void {
    const { all } = this.#policies;
    const policy: Policy | undefined = all[Number(this.#past.value)] ?? all.at(-1);
    if (policy !== undefined) this.#setMind(policy.mind);
    const text =
      policy === undefined
        ? "not begun"
        : policy.episodes === 0
          ? "untrained"
          : `after ${whole.format(policy.episodes)} ${policy.episodes === 1 ? "episode" : "episodes"}`;
    this.#sayPast(text);
  }

  #sayPast(text: string): void {
    say(byId("past-value"), text);
    this.#past.ariaValueText = text;
  }

  #setMind(mind: Mind | undefined): void {
    this.#mind = mind;
    this.#stage.mind = mind;
    this.#last = undefined;
    this.#showSpeed();
  }

  /** Whoever has nothing but two hands gets slow motion; the visitor's own choice stays. */
  #showSpeed(): void {
    if (!this.#isSpeedChosen) this.#speed.value = this.#mind === undefined ? "0.25" : "1";
    this.#stage.speed = Number(this.#speed.value);
  }

  #showFrame({ seconds, thought, is }: Frame): void {
    const time = `${seconds.toFixed(1)} s`;
    if (is === "fallen") this.#last = seconds;
    const held =
      this.#last === undefined
        ? "The pole is held until you push."
        : `Last time: ${this.#last.toFixed(1)} s. It is held until you push.`;
    say(byId("balanced"), is === "held" ? held : is === "fallen" ? `Fell after ${time}` : `Upright for ${time}`);
    const [left, right] = this.#mind === undefined ? [0, 0] : (thought?.numbers ?? [0, 0]);
    const isShare = this.#mind?.hasProbabilities ?? true;
    const most = Math.max(Math.abs(left), Math.abs(right), 1e-9);
    for (const [id, value] of [
      ["left", left],
      ["right", right],
    ] as const) {
      const share = isShare ? value : Math.max(0, value) / most;
      byId(`bar-${id}`).style.transform = `scaleX(${share.toFixed(3)})`;
      const text = isShare ? `${(100 * value).toFixed(0)} %` : value.toFixed(1);
      say(byId(`number-${id}`), this.#mind === undefined ? "–" : text);
    }
    say(byId("value"), this.#mind === undefined || thought === undefined ? "–" : thought.value.toFixed(1));
  }

  #ended(): void {
    this.#drawCurves();
    const { steps, milliseconds } = this.#report as Report;
    const minutes = (steps * CARTPOLE_TIME) / 60;
    const seconds = milliseconds / 1000;
    say(
      byId("state"),
      `Done: ${minutes.toFixed(0)} minutes of the cart’s time in ${seconds.toFixed(1)} seconds of yours. Watch it in slow motion, or look back below.`,
    );
  }

  #failed(error: unknown): void {
    this.#problem(inWords(error));
    say(byId("state"), "Stopped by an error.");
  }

  /** Whether a change would throw one away. */
  get #hasTraining(): boolean {
    return this.#report !== undefined || this.#training.phase !== "idle";
  }

  /** What a change of the settings does, or did. */
  #note(text: string): void {
    say(byId("settings-note"), text);
  }

  #problem(text: string): void {
    const box = byId("problem");
    box.hidden = text === "";
    say(box, text);
  }

  #portable(): Portable | undefined {
    const [settings, report] = [this.#settings, this.#report];
    if (settings === undefined || report === undefined) return undefined;
    const { way } = settings;
    return {
      name: `cart-and-pole-${way}`,
      weights: async () => (await import("./model.ts")).weightsOf(report.network),
      onnx: async (metadata: Metadata) => (await import("./model.ts")).onnxOf(way, report.network, metadata),
      metadata: {
        input: "the cart's place in m and speed in m/s, the pole's angle in radians and its speed in radians/s",
        output: way === "dqn" ? "what each action is worth" : "scores of the actions",
        actions: JSON.stringify(["left", "right"]),
        way: ways[way].name,
        updates: String(report.updates),
      },
    };
  }
}
