// The front page: a network that trains while one reads, and what shows it.
import { Address, seed, whole } from "../shared/address.ts";
import { byId, enable, onPress, say, sayNumber } from "../shared/dom.ts";
import { inWords, isEnd } from "../shared/problems.ts";
import { type Phase, Run } from "../shared/run.ts";
import { type Metadata, startTools } from "../shared/tools.ts";
import { code } from "./code.ts";
import { Picture } from "./picture.ts";
import { type Moment, Race } from "./race.ts";
import type { Session } from "./session.ts";
import { spiral } from "./spiral.ts";
import type { Progress } from "./training.ts";

const SAY_EVERY = 100; // ms: faster figures nobody reads
const LEARNT = 0.001; // a loss at which what began by itself rests: the picture does not change any more
const RACE_AFTER = 1500; // ms of training
const MOST = 1_000_000_000;

const steps = new Intl.NumberFormat("en");
const three = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

export class FrontPage {
  readonly #address = new Address({ seed, steps: whole(0, 0, MOST) });
  readonly #picture = new Picture();
  readonly #race = new Race();
  readonly #run = new Run<Progress>({
    onPhase: (phase) => this.#phaseChanged(phase),
    onReport: (report) => this.#reported(report),
    onEnd: () => this.#ended(),
    onError: (error) => this.#failed(error),
  });
  readonly #tools = startTools({
    code: () => code(this.#seed, this.#steps || this.#last || 1000),
    address: () => this.#writeAddress(),
    link: () => this.#linkHolds(),
    model: () => this.#model(),
  });
  #seed = this.#address.read().seed;
  /** After which it stops by itself; 0: never. */
  #last = this.#address.read().steps;
  #session: Session | undefined;
  /** Steps of earlier fits, and all. */
  #before = 0;
  #steps = 0;
  #report: Progress | undefined;
  #said = 0;
  #asking = false;
  /** Nobody asked for it: it rests when the page is hidden, or all is learnt. */
  #byItself = false;
  #isHidden = false;

  /** Starts at once, where that disturbs nobody. */
  async begin(): Promise<void> {
    onPress(byId("go"), () => this.#go());
    onPress(byId("anew"), () => void this.#anew());
    document.addEventListener("visibilitychange", () => void this.#visibilityChanged());
    this.#picture.show(spiral(this.#seed));
    this.#phaseChanged("idle");
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    this.#byItself = true;
    if (document.hidden) this.#isHidden = true;
    else void this.#start();
  }

  #go(): void {
    this.#byItself = false;
    if (this.#run.phase === "running") void this.#run.stop();
    else void this.#start();
  }

  async #start(): Promise<void> {
    say(byId("problem"), "");
    byId("problem").hidden = true;
    if (this.#steps >= this.#last) this.#last = 0; // it was reached, and is left behind
    const left = this.#last === 0 ? 0 : this.#last - this.#steps;
    await this.#run.start(async () => {
      // The page is there before the library is.
      const { Session } = await import("./session.ts");
      this.#session ??= await Session.create(this.#seed, "one");
      const session = this.#session;
      if (!session.isWasm) this.#race.leaveOut();
      return () => session.fit(left);
    });
  }

  /** Another spiral, and new weights. */
  async #anew(): Promise<void> {
    await this.#run.stop();
    const old = this.#session;
    this.#session = undefined;
    this.#seed = crypto.getRandomValues(new Uint16Array(1))[0];
    this.#last = 0;
    this.#forget();
    this.#address.write({ seed: this.#seed, steps: 0 });
    void old?.dispose();
    await this.#start();
  }

  async #visibilityChanged(): Promise<void> {
    if (document.hidden && this.#byItself && this.#run.phase !== "idle") {
      this.#isHidden = true;
      await this.#run.stop();
    } else if (!document.hidden && this.#isHidden) {
      await this.#run.stop(); // it may be stopping still
      if (document.hidden || !this.#isHidden) return;
      this.#isHidden = false;
      await this.#start();
    }
  }

  #phaseChanged(phase: Phase): void {
    const isDone = this.#last > 0 && this.#steps >= this.#last;
    const rest = this.#steps === 0 ? "Start" : isDone ? "Train on" : "Resume";
    const texts = { idle: rest, starting: "Starting …", running: "Pause", paused: "Resume", stopping: "Pausing …" };
    say(byId("go"), texts[phase]);
    if (phase === "running") say(byId("rests"), "");
    enable(byId("go"), phase === "idle" || phase === "running");
    enable(byId("anew"), phase === "idle" || phase === "running");
    this.#tools.enable(this.#steps > 0);
  }

  #reported(report: Progress): void {
    if (this.#steps === 0) this.#tools.enable(true);
    this.#report = report;
    this.#steps = this.#before + report.step;
    const now = performance.now();
    if (now - this.#said > SAY_EVERY) {
      this.#said = now;
      this.#sayFigures();
    }
    void this.#look();
    if (report.seconds * 1000 > RACE_AFTER) void this.#race.run(this.#seed, () => this.#moment());
    if (this.#byItself && this.#last === 0 && report.loss < LEARNT) {
      say(byId("rests"), "By now it tells them apart, and rests.");
      void this.#run.stop();
    }
  }

  #moment(): Moment | undefined {
    if (this.#run.phase !== "running" || this.#report === undefined) return undefined;
    return { steps: this.#report.step, seconds: this.#report.seconds };
  }

  #sayFigures(): void {
    if (this.#report === undefined) return;
    const { loss, samplesPerSecond } = this.#report;
    say(byId("figure-step"), steps.format(this.#steps));
    sayNumber(byId("figure-loss"), loss, loss.toPrecision(3));
    if (Number.isFinite(samplesPerSecond)) say(byId("figure-rate"), three.format(samplesPerSecond));
  }

  #ended(): void {
    this.#before = this.#steps;
    this.#sayFigures();
    this.#phaseChanged("idle");
    void this.#look();
  }

  #failed(error: unknown): void {
    say(byId("problem"), inWords(error));
    byId("problem").hidden = false;
    this.#before = this.#steps;
    if (!isEnd(error)) return;
    this.#session?.dispose().catch(() => undefined); // its worker may be dead
    this.#session = undefined;
    this.#forget();
    this.#phaseChanged("idle");
  }

  /** Of a training that is no more. */
  #forget(): void {
    this.#before = 0;
    this.#steps = 0;
    this.#report = undefined;
    for (const name of ["step", "loss", "rate"]) say(byId(`figure-${name}`), "–");
    this.#picture.show(spiral(this.#seed));
  }

  /** Asks for the picture, one at a time; what fails here is told by the run. */
  async #look(): Promise<void> {
    const session = this.#session;
    if (session === undefined || this.#asking) return;
    this.#asking = true;
    const surface = await session.surface().catch(() => undefined);
    this.#asking = false;
    if (surface !== undefined && session === this.#session) this.#picture.show(session.points, surface);
  }

  #writeAddress(): void {
    this.#address.write({ seed: this.#seed, steps: this.#stepsInLink });
  }

  get #stepsInLink(): number {
    const isAtRest = this.#run.phase === "idle" && this.#steps > 0;
    return isAtRest ? this.#steps : this.#last;
  }

  #linkHolds(): string {
    const found = "Whoever opens it finds this spiral, and a network before its first step";
    const last = this.#stepsInLink;
    if (last > 0)
      return `${found}: it trains anew, and stops after ${last === 1 ? "1 step" : `${steps.format(last)} steps`}.`;
    return `${found}.${this.#run.phase === "idle" ? "" : " Pause first, and it holds the number of steps, too."}`;
  }

  #model() {
    const session = this.#session;
    if (session === undefined) return undefined;
    return {
      name: `spiral-${this.#seed}`,
      weights: () => session.weights(),
      onnx: (metadata: Metadata) => session.onnx(metadata),
      metadata: { input: "points [x, y] from -1 to 1", output: "scores of the two arms of the spiral" },
    };
  }
}
