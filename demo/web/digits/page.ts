// The page of digits: settings, a session, a run of steps, and what shows them.
import type { Report } from "simdgrad";
import { Address } from "../shared/address.ts";
import { byId, enable, make, onPress, say } from "../shared/dom.ts";
import { startFrameMeter } from "../shared/frame-meter.ts";
import { describe, isolationHint } from "../shared/places.ts";
import { inWords, isEnd, Problem } from "../shared/problems.ts";
import { type Phase, Run } from "../shared/run.ts";
import { type Metadata, startTools } from "../shared/tools.ts";
import { Answer } from "./answer.ts";
import { codeOf } from "./code.ts";
import { Correction } from "./correction.ts";
import type { TrainingCurves } from "./curves.ts";
import { type DigitSet, type Digits, imageOf, loadDigits } from "./data.ts";
import { withDrawings } from "./drawings.ts";
import { Insight } from "./insight.ts";
import { Journal, type Rows, type Source, sameNumbers } from "./journal.ts";
import { fileName, KeepView } from "./keep-view.ts";
import { type Model, metadataOf } from "./keeping.ts";
import { aDigit, sameNetwork, showShape } from "./model.ts";
import { Pad } from "./pad.ts";
import { Race } from "./race.ts";
import { Replay } from "./replay.ts";
import { RunView } from "./run-view.ts";
import { Session, type Weights } from "./session.ts";
import { fields, type Settings } from "./settings.ts";
import { SettingsForm, showRate } from "./settings-form.ts";
import { teach } from "./teaching.ts";

const ASK_EVERY = 200; // ms from one answer about the pad to the next while it trains
const RATE_RESTS = 150; // ms that the learning rate rests before it counts: between two steps that are known
const LEAST_RATE = 1e-5;
const LASTS =
  "Your drawing stays among the digits that it learns from, but they are many: as it trains on, the answer may change again.";

const three = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const percent = (share: number) => `${(100 * share).toFixed(2)} %`;

export class DigitsPage {
  readonly #address = new Address(fields);
  readonly #form = new SettingsForm(this.#address, (rateAlone) => this.#settingsChanged(rateAlone));
  readonly #view = new RunView({
    go: () => this.#go(),
    reset: () => void this.#reset(),
    loses: () => this.#done > 0 || this.#loaded !== undefined,
  });
  readonly #insight = new Insight();
  readonly #replay = new Replay(() => this.#ask());
  readonly #correction = new Correction((digit) => void this.#correct(digit));
  readonly #answer = new Answer(this.#replay, (best, isPast) => this.#correction.answered(best, isPast));
  readonly #pad = new Pad(() => this.#drawn());
  readonly #race = new Race();
  readonly #run = new Run({
    onPhase: () => this.#phaseChanged(),
    onReport: (report) => this.#reported(report),
    onEnd: () => this.#ended(),
    onError: (error) => this.#failed(error),
  });
  readonly #keep = new KeepView({
    current: () => this.#currentModel(),
    load: (model, source) => this.#loadModel(model, source),
  });
  readonly #tools = startTools({
    code: () => codeOf(this.#session ? this.#journal : new Journal(), this.#form.read(), this.#stepsToMake()),
    address: () => this.#form.write(this.#linkedSteps),
    link: () => this.#inLink(),
    model: () => this.#portable(),
  });
  #curves: TrainingCurves | undefined;
  #session: Session | undefined;
  #digits: Digits | undefined;
  #journal = new Journal();
  /** The digits with drawings among them that were made last, under the names of their rows. */
  readonly #sets = new Map<string, DigitSet>();
  /** Steps that a link asks for. */
  #limit = this.#address.read().steps;
  /** Steps that are to be made, and those of the fit under way. */
  #target = 0;
  #made = 0;
  #epochs = { done: 0, begun: 0, asked: 0 };
  /** Steps that made a model that was loaded. */
  #loaded: { readonly steps: number | undefined } | undefined;
  #loss: number | undefined;
  #rate: number | undefined;
  #accuracy: number | undefined;
  #asked = 0;
  /** Whether a stroke, or a digit that was taken, has started a training. */
  #stroke = false;
  /** Something is done between two steps: nothing else is, meanwhile. */
  #busy = false;
  /** Whether a training goes on once that is done. */
  #goesOn = false;
  #rateTimer: ReturnType<typeof setTimeout> | undefined;

  /** Fetches the first digits; resolves when they are there, or it was said that they are not. */
  async begin(): Promise<void> {
    startFrameMeter(byId("frames"));
    this.#offerSamples();
    onPress(byId("race-go"), () => void this.#runRace());
    onPress(byId("keep-network"), () => this.#keepNetwork());
    this.#insight.offer(this.#form.read().kind);
    this.#phaseChanged();
    if (!crossOriginIsolated) say(byId("place-now"), isolationHint);
    await this.#fetch(this.#form.read().amount).then(
      (digits) => {
        this.#have(this.#digits ?? digits);
        if (this.#isAtRest && this.#session === undefined)
          this.#view.state(`Ready: ${digits.train.rows.toLocaleString("en")} handwritten digits to learn from.`);
      },
      (error: unknown) => this.#view.problem(inWords(error)),
    );
  }

  async #fetch(amount: Settings["amount"]): Promise<Digits> {
    const digits = await loadDigits(amount, (share) => {
      this.#view.progress(share);
      this.#view.state("Fetching the digits …");
    });
    this.#view.progress(0);
    return digits;
  }

  get #isAtRest(): boolean {
    return this.#run.phase === "idle" && !this.#busy;
  }

  /** Steps made so far, those of a model's file included. */
  get #steps(): number {
    return this.#journal.steps + this.#made + (this.#loaded?.steps ?? 0);
  }

  /** Steps of this page, those of the fit under way included. */
  get #done(): number {
    return this.#journal.steps + this.#made;
  }

  /** Whether whoever begins with the settings of the form, and makes as many steps, comes to this network. */
  get #isRepeatable(): boolean {
    const used = this.#session?.settings;
    return used !== undefined && this.#journal.isPlain && sameNumbers(this.#form.read(), used);
  }

  /** Steps that the link asks for; 0 for those of the epochs. */
  get #linkedSteps(): number {
    if (this.#session === undefined) return this.#limit;
    return this.#run.phase === "idle" && this.#isRepeatable ? this.#done : 0;
  }

  /** What whoever opens the link finds, where that is not this page as it is. */
  #inLink(): string | undefined {
    if (this.#session === undefined || this.#done === 0) return undefined;
    if (!this.#isRepeatable)
      return "It holds the settings as they are now, not how this network came about: whoever trains by it comes to another loss. “Copy as TypeScript” holds all that was done.";
    if (this.#run.phase !== "idle")
      return "It holds the settings, not the steps: pause first, and it holds how many, too.";
    return `It holds the settings and the number of steps: “Start training” makes these ${this.#done.toLocaleString("en")} again.`;
  }

  /** How many steps the first start makes. */
  #stepsToMake(): number {
    const { batch, epochs, amount } = this.#form.read();
    return this.#limit > 0 ? this.#limit : epochs * Math.ceil(Number(amount) / batch);
  }

  #go(): void {
    if (this.#run.phase === "running") void this.#run.stop();
    else if (this.#isAtRest) {
      this.#replay.toNow();
      this.#ask();
      void this.#start();
    }
  }

  #start(settings = this.#form.read()): Promise<void> {
    this.#view.problem("");
    return this.#run.start(async () => {
      const [digits, { TrainingCurves }] = await Promise.all([this.#fetch(settings.amount), import("./curves.ts")]);
      this.#have(digits);
      this.#curves ??= new TrainingCurves();
      const session = await this.#sessionFor(settings);
      const rows = this.#rows;
      const train = this.#setOf(rows);
      await session.bring(train);
      const all = settings.epochs * Math.ceil(train.rows / settings.batch);
      if (this.#target <= this.#done) {
        this.#target = this.#limit > this.#done ? this.#limit : this.#done + all;
        this.#epochs.asked = this.#epochs.done + settings.epochs;
      }
      this.#epochs.begun = this.#epochs.done;
      const stretch = {
        test: digits.test,
        steps: this.#target - this.#done,
        onEpoch: (weights: Weights) => this.#replay.add({ epoch: ++this.#epochs.done, weights }),
      };
      return () => session.fit(stretch);
    });
  }

  /** All of the digits, with all drawings that were corrected. */
  get #rows(): Rows {
    return { every: 1, drawings: this.#journal.drawings.length };
  }

  #setOf(rows: Rows): DigitSet {
    if (this.#digits === undefined) throw new TypeError("there are no digits yet");
    const { train } = this.#digits;
    if (rows.every === 1 && rows.drawings === 0) return train;
    const name = `${train.rows} ${rows.every} ${rows.drawings}`;
    const made =
      this.#sets.get(name) ?? withDrawings(train, this.#journal.drawings.slice(0, rows.drawings), rows.every);
    this.#sets.set(name, made);
    return made;
  }

  /** The session that these settings ask for: with the weights there are, if the network is the same. */
  async #sessionFor(settings: Settings): Promise<Session> {
    const old = this.#session;
    if (old === undefined || this.#isAnother(settings, old.settings)) {
      this.#forget();
      this.#stroke = true;
      await old?.dispose();
      const session = await Session.create(settings);
      this.#replay.add({ epoch: 0, weights: await session.weights() });
      this.#session = session;
      this.#journal.begin(settings);
      this.#insight.offer(settings.kind);
    } else await this.#goOnWith(settings, old);
    this.#showPlace();
    return this.#session as Session;
  }

  async #goOnWith(settings: Settings, old: Session): Promise<void> {
    const before = old.settings;
    const { learningRate, epochs } = settings;
    if (JSON.stringify({ ...before, learningRate, epochs }) === JSON.stringify(settings)) {
      if (learningRate !== before.learningRate) await this.#setRate(old, learningRate);
      return;
    }
    this.#session = await old.continued(settings);
    this.#journal.settings(settings, before);
    // Steps that were to be made were those of other batches.
    if (settings.batch !== before.batch || settings.amount !== before.amount) this.#target = this.#done;
  }

  async #setRate(session: Session, rate: number): Promise<void> {
    await session.setLearningRate(rate);
    this.#journal.rate(rate);
    this.#figures(true);
  }

  /** Whether settings ask for other first weights than those that a training began with. */
  #isAnother(settings: Settings, used: Settings): boolean {
    return !sameNetwork(settings, used) || settings.seed !== used.seed;
  }

  /**
   * Does something between two steps: a training that is under way stops for it, and goes on. What fails is said. One thing at a time: another
   * one is not done.
   */
  async #between(action: (session: Session) => Promise<void>): Promise<void> {
    if (this.#busy || this.#session === undefined || this.#run.phase === "stopping") return;
    const goesOn = this.#run.phase !== "idle";
    this.#busy = true;
    this.#goesOn = goesOn;
    this.#phaseChanged();
    let ended = false;
    try {
      await this.#run.stop();
      if (this.#session === undefined) return;
      await action(this.#session);
      ended = true;
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#busy = false;
      this.#goesOn = false;
      this.#phaseChanged();
    }
    if (ended && goesOn && this.#target > this.#done && this.#session !== undefined) {
      // What may change while it trains may have changed meanwhile.
      const { epochs, learningRate, place, build } = this.#form.read();
      void this.#start({ ...this.#session.settings, epochs, learningRate, place, build });
    } else if (ended) await this.#look(goesOn ? "Done" : undefined);
  }

  #showPlace(): void {
    if (this.#session === undefined) return;
    say(byId("place-now"), `Now: ${describe(this.#session.settings.place, this.#session.executor.info)}`);
  }

  #forget(): void {
    this.#session = undefined;
    this.#journal = new Journal();
    this.#sets.clear();
    this.#target = 0;
    this.#made = 0;
    this.#epochs = { done: 0, begun: 0, asked: 0 };
    this.#stroke = false;
    this.#loaded = undefined;
    this.#loss = undefined;
    this.#rate = undefined;
    this.#setAccuracy(undefined);
    this.#replay.clear();
    this.#curves?.clear();
    this.#insight.clear();
    this.#correction.say("");
    this.#figures(true);
  }

  async #reset(): Promise<void> {
    if (this.#busy) return;
    await this.#run.stop();
    const old = this.#session;
    this.#forget();
    this.#view.problem("");
    this.#view.state("The network is forgotten. The next start begins with new random weights.");
    this.#insight.offer(this.#form.read().kind);
    this.#phaseChanged();
    this.#ask();
    await old?.dispose();
  }

  #reported(report: Report): void {
    const session = this.#session;
    if (session === undefined) return;
    const now = performance.now();
    const before = this.#steps - this.#made;
    this.#made = report.step;
    if (report.step > 0) this.#loss = report.loss;
    if (Number.isFinite(report.samplesPerSecond)) this.#rate = report.samplesPerSecond;
    this.#curves?.add(report, before);
    if (report.validation !== undefined) this.#setAccuracy(report.validation.accuracy);
    this.#figures();
    if (this.#digits !== undefined)
      this.#insight.glance(session, this.#digits.test, this.#steps, (accuracy) => {
        if (session === this.#session && !this.#busy) this.#setAccuracy(accuracy);
      });
    if (this.#pad.image !== undefined && this.#replay.moment === undefined && now - this.#asked > ASK_EVERY) {
      this.#asked = now;
      this.#ask();
    }
  }

  #figures(atOnce = false): void {
    const { done, asked } = this.#epochs;
    const known = this.#session !== undefined && (this.#loaded === undefined || this.#steps > 0);
    const begun = this.#session !== undefined && asked > 0;
    this.#view.figures(
      {
        epoch: begun ? `${Math.min(done + 1, Math.max(asked, done))} of ${Math.max(asked, done)}` : "–",
        step: known ? this.#steps : undefined,
        loss: this.#loss,
        rate: this.#rate,
        learningRate: this.#session === undefined ? "–" : showRate(this.#session.settings.learningRate),
        progress: this.#target > 0 ? Math.min(1, this.#done / this.#target) : 0,
      },
      atOnce,
    );
  }

  #setAccuracy(share: number | undefined): void {
    this.#accuracy = share;
    this.#view.accuracy(share);
  }

  #phaseChanged(): void {
    const { phase } = this.#run;
    const session = this.#session;
    const isStill = phase === "idle" || phase === "running";
    this.#view.buttons(this.#goText(phase), {
      go: isStill && !this.#busy,
      reset: isStill && !this.#busy && session !== undefined,
    });
    const hasModel = session !== undefined && isStill && !this.#busy;
    this.#keep.enable(hasModel);
    this.#tools.enable(hasModel);
    this.#correction.is(hasModel ? "ready" : session === undefined ? "none" : "busy");
    enable(byId("race-go"), isStill && !this.#busy);
    this.#note();
    if (phase === "starting" && !this.#busy) this.#view.state("Starting …");
    if (phase === "running" && !this.#busy) this.#view.state("Training. Draw, and watch the answer change.");
  }

  #goText(phase: Phase): string {
    if (this.#busy) return "One moment …";
    if (phase === "starting") return "Starting …";
    if (phase === "running") return "Pause";
    if (phase === "stopping") return "Pausing …";
    if (this.#session === undefined) return "Start training";
    if (this.#isAnother(this.#form.read(), this.#session.settings)) return "Start anew";
    return this.#done < this.#target ? "Resume" : "Continue";
  }

  #ended(): void {
    this.#keepSteps();
    if (this.#busy) return;
    const isDone = this.#done >= this.#target;
    this.#view.state(isDone ? "Done." : "Paused.");
    void this.#look(isDone ? "Done" : "Paused");
  }

  /** The steps of the fit that ended are written down. */
  #keepSteps(): void {
    this.#journal.made(this.#made, this.#rows);
    this.#made = 0;
    this.#figures(true);
    this.#phaseChanged();
  }

  #failed(error: unknown): void {
    this.#keepSteps();
    const rate = this.#session?.settings.learningRate ?? 0;
    const lower = Number((rate / 10).toPrecision(2));
    const isOfRate = error instanceof Error && error.name === "NonFiniteError" && lower >= LEAST_RATE;
    this.#view.problem(
      inWords(error),
      isOfRate
        ? { text: `Start anew with a learning rate of ${showRate(lower)}`, action: () => this.#startWith(lower) }
        : undefined,
    );
    this.#view.state("Stopped by an error.");
    if (!isEnd(error)) return;
    const ended = this.#session;
    this.#session = undefined;
    this.#phaseChanged();
    ended?.dispose().catch(() => undefined); // its worker may be dead
  }

  #startWith(rate: number): void {
    if (!this.#isAtRest) return;
    this.#form.setRate(rate);
    byId("go").focus();
    void this.#start();
  }

  /** Shows the network as it is now. */
  async #look(how?: string): Promise<void> {
    const [session, digits] = [this.#session, this.#digits];
    if (session === undefined || digits === undefined) return;
    try {
      const [accuracy] = await Promise.all([
        this.#insight.look(session, digits.test),
        this.#answer.ask(session, this.#pad),
      ]);
      if (session !== this.#session || !this.#isAtRest) return;
      this.#setAccuracy(accuracy);
      if (how !== undefined) this.#view.state(`${how}. It reads ${percent(accuracy)} of the test digits right.`);
    } catch {
      // The session is over, or its worker died, which the run tells of.
    }
  }

  #ask(): void {
    void this.#answer.ask(this.#session, this.#pad);
  }

  /** The first stroke, or the first digit that is taken, starts the training. */
  #drawn(): void {
    this.#correction.say("");
    this.#replay.toNow();
    if (this.#pad.image !== undefined && !this.#stroke && this.#session === undefined && this.#isAtRest) {
      this.#stroke = true;
      void this.#start();
    }
    this.#ask();
  }

  async #correct(digit: number): Promise<void> {
    const { image } = this.#pad;
    await this.#between(async (session) => {
      const digits = this.#digits;
      if (image === undefined || digits === undefined) return;
      this.#correction.say(`Learning that this is ${aDigit(digit)} …`);
      if (this.#goesOn) this.#view.state(`Learning that your drawing is ${aDigit(digit)}. Then it goes on as before.`);
      const [back, forget] = [await session.mark(), this.#journal.mark()];
      const [loss, target] = [this.#loss, this.#target];
      const drawing = { image: image.slice(), digit };
      this.#journal.draw(drawing);
      this.#sets.clear(); // of fewer drawings
      const begun = performance.now();
      const outcome = await teach({
        session,
        drawing,
        test: digits.test,
        amount: digits.train.rows,
        drawings: this.#journal.drawings.length,
        setOf: (rows) => this.#setOf(rows),
        onBefore: (share) => this.#setAccuracy(share),
        onSteps: (steps, rows, loss) => {
          this.#journal.made(steps, rows);
          this.#target += steps;
          this.#loss = loss;
          this.#figures();
        },
      });
      const { learnt, forgot, certainty, before, after } = outcome;
      const seconds = three.format((performance.now() - begun) / 1000);
      if (learnt) {
        this.#setAccuracy(after);
        this.#correction.say(
          `Learnt in ${seconds} s: at step ${this.#steps.toLocaleString("en")} it read your drawing as ${aDigit(digit)}, ${(100 * certainty).toFixed(0)} % sure, and ${percent(after)} of the test digits right; before, ${percent(before)}. ${LASTS}`,
        );
      } else {
        await back();
        forget();
        this.#sets.clear();
        this.#loss = loss;
        this.#target = target;
        const why = forgot
          ? `without forgetting others (${percent(after)} of the test digits right, before ${percent(before)})`
          : `in the steps that a correction has (${(100 * certainty).toFixed(0)} % sure of it at last)`;
        this.#correction.say(
          `It could not learn that this is ${aDigit(digit)} ${why}, so it is again as it was at step ${this.#steps.toLocaleString("en")}.`,
        );
      }
      this.#figures(true);
    });
  }

  async #runRace(): Promise<void> {
    if (this.#busy || this.#run.phase === "starting" || this.#run.phase === "stopping") return;
    const race = async () => {
      const settings = this.#session?.settings ?? this.#form.read();
      await this.#race.run(settings, this.#digits ?? (await this.#fetch(settings.amount)));
    };
    if (this.#session !== undefined) {
      await this.#between(race);
      return;
    }
    this.#busy = true;
    this.#phaseChanged();
    await race().catch((error: unknown) => this.#view.problem(inWords(error)));
    this.#busy = false;
    this.#phaseChanged();
  }

  #settingsChanged(rateAlone: boolean): void {
    this.#insight.offer((this.#session?.settings ?? this.#form.read()).kind);
    if (this.#session === undefined) this.#limit = 0; // it was of other settings
    if (this.#run.phase === "running") {
      const { place, build, learningRate } = this.#form.read();
      const used = this.#session?.settings;
      if (used !== undefined && (place !== used.place || build !== used.build))
        void this.#between((session) => this.#moved(session, { ...session.settings, place, build, learningRate }));
      else if (rateAlone) this.#rateSoon();
    }
    this.#phaseChanged();
  }

  /** The form asks for the network there is again, so that it can go on. */
  #keepNetwork(): void {
    if (this.#session === undefined) return;
    const { settings } = this.#session;
    this.#form.showArchitecture(settings);
    this.#form.setSeed(settings.seed);
    byId("go").focus();
    this.#settingsChanged(false);
  }

  async #moved(session: Session, settings: Settings): Promise<void> {
    await this.#goOnWith(settings, session);
    this.#showPlace();
  }

  /** The learning rate counts once it rests for a moment. */
  #rateSoon(): void {
    clearTimeout(this.#rateTimer);
    this.#rateTimer = setTimeout(() => {
      if (this.#run.phase !== "running" || this.#busy) return; // else the next start has it
      void this.#between((session) => this.#setRate(session, this.#form.read().learningRate));
    }, RATE_RESTS);
  }

  /** What the settings that were changed lead to. */
  #note(): void {
    const session = this.#session;
    const settings = this.#form.read();
    if (session === undefined) {
      say(byId("settings-note"), "");
      byId("keep-network").hidden = true;
      return;
    }
    const runs = this.#run.phase !== "idle" || this.#goesOn;
    const { learningRate, epochs, place, build } = settings;
    const here = runs ? { learningRate, epochs, place, build } : { learningRate, epochs };
    const changed = JSON.stringify({ ...session.settings, ...here }) !== JSON.stringify(settings);
    byId("keep-network").hidden = !this.#isAnother(settings, session.settings);
    const text = this.#isAnother(settings, session.settings)
      ? runs
        ? "This is another network. It takes the place of this one, with new random weights, once you pause and press “Start anew”."
        : "This is another network: “Start anew” begins with new random weights."
      : !changed
        ? ""
        : runs
          ? "This counts from the next start on: pause, and resume. The weights stay."
          : "The next start uses this, and goes on with the same weights.";
    say(byId("settings-note"), text);
  }

  /** The model for the buttons that every page has. */
  #portable() {
    const session = this.#session;
    if (session === undefined) return undefined;
    const { settings } = session;
    return {
      name: fileName(settings),
      weights: () => session.weights(),
      onnx: (metadata: Metadata) => session.onnx(metadata),
      metadata: metadataOf({ architecture: settings, steps: this.#steps }),
    };
  }

  #currentModel(): Promise<Model & { readonly name: string }> | undefined {
    const session = this.#session;
    if (session === undefined) return undefined;
    const { settings } = session;
    const right = this.#accuracy === undefined ? "" : `, ${(100 * this.#accuracy).toFixed(1)} %`;
    const how = settings.kind === "dense" ? settings.activation : settings.kind;
    const steps = this.#steps;
    const name = `${showShape(settings)}, ${how}, step ${steps.toLocaleString("en")}${right}`;
    return session.weights().then((weights) => ({ architecture: settings, weights, steps, name }));
  }

  async #loadModel({ architecture, weights, steps }: Model, source: Source): Promise<void> {
    if (this.#busy) throw new Problem("One moment: something else is under way. Try again when it is done.");
    // A file whose weights do not fit is refused before anything is lost.
    const settings = this.#form.read(architecture);
    const session = await Session.create(settings);
    try {
      await session.load(weights);
      await this.#run.stop();
      if (this.#busy) throw new Problem("One moment: something else is under way. Try again when it is done.");
    } catch (error) {
      await session.dispose();
      throw error instanceof Problem || isEnd(error) ? error : new Problem(notFitting(error));
    }
    const old = this.#session;
    this.#forget();
    this.#form.showArchitecture(architecture);
    this.#session = session;
    this.#journal.begin(settings, source);
    this.#loaded = { steps };
    this.#replay.add({ epoch: 0, weights });
    this.#insight.offer(settings.kind);
    this.#showPlace();
    this.#view.problem("");
    this.#figures(true);
    this.#phaseChanged();
    this.#view.state("A model was loaded.");
    await old?.dispose();
    this.#have(this.#digits ?? (await this.#fetch(settings.amount)));
    await this.#look("A model was loaded");
  }

  /** Buttons that put the next test digit of a class on the pad. */
  #offerSamples(): void {
    const shown = new Array<number>(10).fill(-1);
    const buttons = shown.map((_, digit) => {
      const label = `${digit === 8 ? "An" : "A"} ${digit} of the test set`;
      const button = make("button", { type: "button", ariaLabel: label }, String(digit));
      enable(button, false); // until they are there
      onPress(button, () => {
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

  #have(digits: Digits): void {
    this.#digits = digits;
    for (const button of byId("samples").querySelectorAll("button")) enable(button, true);
  }
}

function notFitting(error: unknown): string {
  const why = error instanceof Error ? error.message : error;
  return `The weights of this file do not fit the network that it describes (${why}).`;
}
