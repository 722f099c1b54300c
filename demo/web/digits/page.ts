// The page of digits: a form, a session, a run, and what shows them.
import type { Report } from "simdgrad";
import { byId, make, say } from "../shared/dom.ts";
import { startFrameMeter } from "../shared/frame-meter.ts";
import { describe, isolationHint } from "../shared/places.ts";
import { inWords, isEnd } from "../shared/problems.ts";
import { type Phase, Run } from "../shared/run.ts";
import { Answer } from "./answer.ts";
import { TrainingCurves } from "./curves.ts";
import { type Digits, imageOf, loadDigits } from "./data.ts";
import { Insight } from "./insight.ts";
import { KeepView } from "./keep-view.ts";
import type { Model } from "./keeping.ts";
import { showShape } from "./model.ts";
import { Pad } from "./pad.ts";
import { RunView } from "./run-view.ts";
import { Session } from "./session.ts";
import { type Settings, SettingsForm, sameNetwork } from "./settings.ts";

const ASK_EVERY = 200; // ms from one answer about the pad to the next while it trains
const SAY_EVERY = 3000; // ms from one epoch that is told of to the next: it is read aloud

export class DigitsPage {
  readonly #form = new SettingsForm((rateAlone) => this.#settingsChanged(rateAlone));
  readonly #view = new RunView({ go: () => this.#go(), stop: () => this.#run.stop(), reset: () => this.#reset() });
  readonly #curves = new TrainingCurves();
  readonly #insight = new Insight();
  readonly #answer = new Answer();
  readonly #pad = new Pad(() => void this.#answer.ask(this.#session, this.#pad));
  readonly #run = new Run({
    onPhase: (phase) => this.#phaseChanged(phase),
    onReport: (report) => this.#reported(report),
    onEnd: (finished) => this.#ended(finished),
    onError: (error) => this.#failed(error),
  });
  readonly #keep = new KeepView({
    current: () => this.#currentModel(),
    load: (model) => this.#loadModel(model),
  });
  #session: Session | undefined;
  #digits: Digits | undefined;
  /** Steps of earlier fits of this network. */
  #before = 0;
  #step = 0;
  #accuracy: number | undefined;
  #asked = 0;
  #said = 0;

  /** Fetches the first digits; resolves when they are there, or it was said that they are not. */
  async begin(): Promise<void> {
    startFrameMeter(byId("frames"));
    this.#offerSamples();
    if (!crossOriginIsolated) say(byId("place-now"), isolationHint);
    await this.#fetch("10000").then(
      (digits) => {
        this.#digits ??= digits;
        if (this.#run.phase === "idle" && this.#session === undefined)
          this.#view.state(`Ready: ${digits.train.rows.toLocaleString("en")} digits to train on.`);
      },
      (error: unknown) => this.#view.problem(inWords(error)),
    );
  }

  async #fetch(amount: Settings["amount"]): Promise<Digits> {
    const digits = await loadDigits(amount, (share) => {
      this.#view.progress(share);
      this.#view.state("Fetching the digits …");
    });
    if (this.#run.phase === "idle" || this.#run.phase === "starting") this.#view.progress(0);
    return digits;
  }

  #go(): void {
    if (this.#run.phase === "running") void this.#run.pause().then(() => this.#look());
    else if (this.#run.phase === "paused") {
      if (this.#isElsewhere()) void this.#move();
      else this.#run.resume();
    } else void this.#start();
  }

  #start(settings = this.#form.read()): Promise<void> {
    this.#view.problem("");
    return this.#run.start(async () => {
      const digits = await this.#fetch(settings.amount);
      this.#digits = digits;
      this.#view.state("Starting …");
      const session = await this.#sessionFor(settings);
      await session.bring(digits);
      return () => session.fit(digits);
    });
  }

  /** The session that these settings ask for: with the weights there are, if the network is the same. */
  async #sessionFor(settings: Settings): Promise<Session> {
    const old = this.#session;
    if (old !== undefined && sameNetwork(old.settings, settings)) this.#session = await old.continued(settings);
    else {
      this.#forget();
      await old?.dispose();
      this.#session = await Session.create(settings);
    }
    this.#showPlace();
    return this.#session;
  }

  /** Whether another place was chosen than the one where it runs. */
  #isElsewhere(): boolean {
    return this.#session !== undefined && this.#session.settings.place !== this.#form.read().place;
  }

  /** Goes on in the place that was chosen, everything else as it was. */
  async #move(): Promise<void> {
    await this.#run.stop();
    if (this.#session === undefined) return;
    const { place, learningRate } = this.#form.read();
    await this.#start({ ...this.#session.settings, place, learningRate });
  }

  #showPlace(): void {
    if (this.#session === undefined) return;
    say(byId("place-now"), `Now: ${describe(this.#session.settings.place, this.#session.executor.info)}`);
  }

  #forget(): void {
    this.#session = undefined;
    this.#before = 0;
    this.#step = 0;
    this.#accuracy = undefined;
    this.#curves.clear();
    this.#insight.clear();
    this.#view.clear();
  }

  async #reset(): Promise<void> {
    await this.#run.stop();
    const old = this.#session;
    this.#forget();
    this.#phaseChanged("idle");
    this.#view.problem("");
    this.#view.state("Reset. The next training starts from new random weights.");
    void this.#answer.ask(undefined, this.#pad);
    await old?.dispose();
  }

  #reported(report: Report): void {
    const session = this.#session;
    if (session === undefined) return;
    const { epochs } = session.settings;
    const now = performance.now();
    this.#step = report.step;
    this.#view.figures(report, this.#before, epochs);
    this.#curves.add(report, this.#before);
    if (report.validation !== undefined) {
      this.#accuracy = report.validation.accuracy;
      if (this.#run.phase === "running" && now - this.#said > SAY_EVERY) {
        this.#said = now;
        const percent = (100 * this.#accuracy).toFixed(1);
        this.#view.state(`Epoch ${report.epoch} of ${epochs} done: ${percent} % of the test digits right.`);
      }
    }
    if (this.#digits !== undefined) this.#insight.glance(session, this.#digits.test);
    if (this.#pad.image !== undefined && now - this.#asked > ASK_EVERY) {
      this.#asked = now;
      void this.#answer.ask(session, this.#pad);
    }
  }

  #phaseChanged(phase: Phase): void {
    this.#view.showPhase(phase, this.#session !== undefined);
    this.#keep.enable(this.#session !== undefined && phase !== "starting");
    this.#settingsChanged(false);
    if (phase === "running") this.#view.state(this.#step === 0 ? "Training." : "Training goes on.");
    if (phase === "paused") this.#view.state("Paused. Draw, look around, and go on when you like.");
  }

  #ended(finished: boolean): void {
    const text =
      this.#accuracy === undefined ? "" : ` ${(100 * this.#accuracy).toFixed(2)} % of the test digits right.`;
    this.#before += this.#step;
    this.#step = 0;
    this.#view.state(finished ? `Done.${text}` : `Stopped.${text}`);
    void this.#look();
  }

  #failed(error: unknown): void {
    this.#view.problem(inWords(error));
    this.#view.state("Stopped by an error.");
    this.#before += this.#step;
    this.#step = 0;
    if (!isEnd(error)) return;
    const ended = this.#session;
    this.#session = undefined;
    this.#phaseChanged("idle");
    ended?.dispose().catch(() => undefined); // its worker may be dead
  }

  /** Shows the network as it is now. */
  async #look(): Promise<void> {
    const [session, digits] = [this.#session, this.#digits];
    if (session === undefined || digits === undefined) return;
    await Promise.all([this.#insight.look(session, digits.test), this.#answer.ask(session, this.#pad)]).catch(() => {
      // The session is over, or its worker died, which the run tells of.
    });
  }

  #settingsChanged(rateAlone: boolean): void {
    const session = this.#session;
    const settings = this.#form.read();
    if (session === undefined) {
      say(byId("settings-note"), "");
      return;
    }
    const moves = this.#isElsewhere();
    if (moves && this.#run.phase === "running") {
      void this.#move();
      return;
    }
    if (rateAlone && settings.optimizer === session.settings.optimizer)
      session.setLearningRate(settings.learningRate).catch((error: unknown) => this.#view.problem(inWords(error)));
    const { learningRate: _, ...rest } = settings;
    const { learningRate: __, ...used } = session.settings;
    const changed = JSON.stringify(rest) !== JSON.stringify(used);
    const anew = changed && !sameNetwork(settings, session.settings);
    const text = anew
      ? "Another network: the next start begins with new random weights."
      : moves && this.#run.phase === "paused"
        ? "It goes on there."
        : changed
          ? "The next start uses these settings, and goes on with the same weights."
          : "";
    say(byId("settings-note"), text);
  }

  #currentModel(): Promise<Model & { readonly name: string }> | undefined {
    const session = this.#session;
    if (session === undefined) return undefined;
    const { settings } = session;
    const right = this.#accuracy === undefined ? "" : `, ${(100 * this.#accuracy).toFixed(1)} %`;
    const how = settings.kind === "dense" ? settings.activation : settings.kind;
    const name = `${showShape(settings)}, ${how}, step ${(this.#before + this.#step).toLocaleString("en")}${right}`;
    return session.weights().then((weights) => ({ architecture: settings, weights, name }));
  }

  async #loadModel({ architecture, weights }: Model): Promise<void> {
    await this.#run.stop();
    this.#form.showArchitecture(architecture);
    const old = this.#session;
    this.#forget();
    await old?.dispose();
    const session = await Session.create(this.#form.read());
    try {
      await session.load(weights);
    } catch (error) {
      await session.dispose();
      this.#phaseChanged("idle");
      throw error;
    }
    this.#session = session;
    this.#showPlace();
    this.#view.problem("");
    this.#phaseChanged("idle");
    this.#view.state("A model was loaded: draw, or train on.");
    await this.#look();
  }

  /** Buttons that put the next test digit of a class on the pad. */
  #offerSamples(): void {
    const shown = new Array<number>(10).fill(-1);
    const buttons = shown.map((_, digit) => {
      const button = make("button", { type: "button", ariaLabel: `A ${digit} of the test set` }, String(digit));
      button.addEventListener("click", () => {
        const test = this.#digits?.test;
        if (test === undefined) return;
        const next = test.y.data.indexOf(digit, shown[digit] + 1);
        shown[digit] = next >= 0 ? next : test.y.data.indexOf(digit);
        this.#pad.show(imageOf(test, shown[digit]));
      });
      return button;
    });
    byId("samples").replaceChildren(...buttons);
  }
}
