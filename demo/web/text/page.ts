// The page of texts: a text, a session, a run, and what shows them.
import type { Report } from "simdgrad";
import { Chart } from "../shared/chart.ts";
import { byId, enable, fillSelect, onPress, say, sayNumber } from "../shared/dom.ts";
import { describe } from "../shared/places.ts";
import { inWords, isEnd } from "../shared/problems.ts";
import { type Phase, Run } from "../shared/run.ts";
import { onSettled } from "../shared/settled.ts";
import { Curve, Smoother } from "../shared/smoothing.ts";
import { onSurePress } from "../shared/sure.ts";
import { type Metadata, startTools } from "../shared/tools.ts";
import { code } from "./code.ts";
import { forget, type Kept, keep, kept } from "./kept.ts";
import { LooksView } from "./looks-view.ts";
import { LENGTH, sizes } from "./model.ts";
import { inOneLine, Samples } from "./samples.ts";
import { Session, stepsOf } from "./session.ts";
import { rates, type Settings, textAddress, usualRates } from "./settings.ts";
import { DEFAULT_PATH, defaultSource, fileSource, LEAST, ownSource, type Source } from "./source.ts";

const WRITE_EVERY = 1200; // ms from one sample to the next while it trains
const KEEP_EVERY = 5000; // ms from one checkpoint to the next
const DRAW_EVERY = 100; // ms from one change of figures and chart to the next
const SAMPLE = 100; // characters
const ANSWER = 240;
const NOTE = "The learning rate may change while it trains. A change of the others starts over, from new weights.";
const UNASKED =
  "Nothing yet. Press “Start training”, then “Write on”: your beginning stands here, and what the network writes after it.";

const going: Readonly<Record<Phase, string>> = {
  idle: "Start training",
  starting: "Starting …",
  running: "Pause",
  paused: "Resume",
  stopping: "Stopping …",
};

interface Curves {
  readonly loss: Curve;
  readonly tested: Curve;
  readonly smoother: Smoother;
}

const newCurves = (): Curves => ({ loss: new Curve(), tested: new Curve(), smoother: new Smoother(0.9) });

export class TextPage {
  readonly #address = textAddress();
  readonly #form = byId("settings", HTMLFormElement);
  readonly #temperature = byId("temperature", HTMLInputElement);
  readonly #paste = byId("paste", HTMLTextAreaElement);
  readonly #samples = new Samples();
  readonly #looks = new LooksView();
  readonly #chart = new Chart(byId("loss-chart"), {
    label: "Loss over steps",
    xLabel: "step",
    yLabel: "loss per character",
    format: (value) => String(Number(value.toPrecision(3))),
    lines: [
      { name: "on what it learns (smoothed)", colour: "accent" },
      { name: "on the part it never sees", colour: "second", points: true },
    ],
  });
  readonly #run = new Run({
    onPhase: () => this.#showPhase(),
    onReport: (report) => this.#reported(report),
    onEnd: () => this.#ended(),
    onError: (error) => this.#failed(error),
  });
  readonly #tools = startTools({
    code: () => this.#code(),
    address: () => this.#writeAddress(this.#isMoving() || this.#hasChanged ? this.#steps : this.#step),
    link: () => {
      if (this.#source?.own)
        return "It holds the settings, not your text: whoever opens it learns the text that comes with this page, or one of their own.";
      return this.#hasChanged
        ? "It holds the settings as they are now, not the learning rates before: whoever trains by it comes to another loss. “Copy as TypeScript” holds them all."
        : undefined;
    },
    model: () => {
      const session = this.#session;
      if (session === undefined) return undefined;
      const name = `text-${session.settings.network}-${this.#step}`;
      const metadata = {
        input: `numbers of ${LENGTH} characters: their places in the list "characters"`,
        output: "for each place a score of every character to come next",
        characters: JSON.stringify(session.alphabet.characters),
      };
      return { name, weights: () => session.weights(), onnx: (metadata: Metadata) => session.onnx(metadata), metadata };
    },
  });
  #source: Source | undefined;
  /** What was pasted and is dealt with: taken, or given up. */
  #settled = "";
  /** Whether a text of the visitor's was not taken, and nothing was chosen since. */
  #refused = false;
  #session: Session | undefined;
  /** Steps after which it stops by itself; 0: none. */
  #steps = 0;
  #before = 0;
  #step = 0;
  #loss = Number.NaN;
  #curves = newCurves();
  #drawn = 0;
  #drawing = false;
  #pausing = false;
  /** Whether the fit under way ends so that another one goes on at another rate. */
  #changing = false;
  #looking: Promise<void> | undefined;
  /** Whether it is to be kept when it has looked. */
  #keepsNext = false;
  #wrote = 0;
  #keptAt = 0;
  #keeps = true;
  #waits: Kept | undefined;
  /** Trainings that are being ended. */
  #ending = 0;

  async begin(): Promise<void> {
    const { network, size, rate, seed, temperature, steps } = this.#address.read();
    fillSelect(
      this.#select("network"),
      [
        ["gpt", "GPT: looks back"],
        ["lstm", "LSTM: remembers"],
      ],
      network,
    );
    fillSelect(
      this.#select("size"),
      [
        ["small", "small, quick"],
        ["large", "large, slow"],
      ],
      size,
    );
    const known = [...new Set([...rates, rate])].sort((a, b) => a - b);
    fillSelect(
      this.#select("rate"),
      known.map((each) => [String(each), String(each)] as const),
      String(rate),
    );
    this.#input("seed").value = String(seed);
    this.#temperature.value = String(temperature);
    this.#steps = steps;
    this.#listen();
    this.#showTemperature();
    this.#showNetwork();
    await Promise.all([this.#offerKept(), this.#takeDefault()]);
    if (this.#run.phase === "idle" && this.#waits !== undefined)
      this.#state(`Here is a training on “${this.#waits.source.name}”. Continue it: to start anew throws it away.`);
  }

  #listen(): void {
    onSurePress(
      byId("go"),
      () => this.#waits !== undefined && this.#run.phase === "idle",
      () => this.#go(),
    );
    onSurePress(
      byId("reset"),
      () => this.#step > 0,
      () => void this.#startOver("It has forgotten all. The next start begins with new weights."),
    );
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#select("size").addEventListener("change", () =>
      this.#setField("rate", String(usualRates[this.#settings().size])),
    );
    this.#select("rate").addEventListener("change", () => this.#rateChanged());
    const anew = {
      costs: () => this.#session !== undefined,
      settled: () => {
        this.#input("seed").value = String(this.#settings().seed);
        this.#showNetwork();
        this.#steps = 0;
        this.#note(
          this.#session === undefined ? NOTE : "The training before is ended. The next start begins by these.",
        );
        void this.#startOver("").then(() => this.#writeAddress(0));
      },
      waits: () => this.#note("Enter, or leaving the field, ends the training and starts over by this."),
    };
    for (const name of ["network", "size", "seed"]) onSettled(this.#select(name), anew);
    this.#temperature.addEventListener("input", () => {
      this.#showTemperature();
      this.#writeAddress(this.#steps);
    });
    byId("file", HTMLInputElement).addEventListener("change", ({ target }) => {
      const input = target as HTMLInputElement;
      const file = input.files?.[0];
      if (file !== undefined) void this.#take(() => fileSource(file));
      input.value = "";
    });
    onPress(byId("paste-open"), () => this.#openPaste(byId("paste-box").hidden !== false));
    say(byId("paste-title"), `Your text, ${LEAST.toLocaleString("en")} characters or more`);
    onSurePress(
      byId("paste-use"),
      () => this.#step > 0 || this.#waits !== undefined,
      () => void this.#learnPasted(),
    );
    onPress(byId("default"), () => void this.#take(defaultSource));
    onPress(byId("keep-source"), () => {
      this.#accept();
      byId("go").focus();
    });
    onPress(byId("continue"), () => void this.#continue());
    onPress(byId("forget"), () => void this.#forget());
    byId("prompt-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#answer();
    });
    const main = byId("main");
    addEventListener("dragover", (event) => {
      event.preventDefault();
      main.classList.add("dropping");
    });
    addEventListener("dragleave", (event) => {
      if (event.relatedTarget === null) main.classList.remove("dropping");
    });
    addEventListener("drop", (event) => {
      event.preventDefault();
      main.classList.remove("dropping");
      const file = event.dataTransfer?.files[0];
      const text = event.dataTransfer?.getData("text") ?? "";
      if (file !== undefined) void this.#take(() => fileSource(file));
      else if (text !== "") void this.#take(async () => ownSource(text, "The text you dropped"));
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") this.#look(true);
    });
  }

  async #takeDefault(): Promise<void> {
    try {
      const source = await defaultSource();
      if (this.#source === undefined) this.#showSource(source);
      if (this.#run.phase === "idle") this.#state("Ready.");
    } catch (error) {
      this.#state("");
      this.#problem(inWords(error));
    }
  }

  /** Another text is to be learned from now on, and what the browser has kept of the one before is offered. */
  async #take(make: () => Promise<Source>): Promise<void> {
    const had = this.#session !== undefined;
    await this.#change(make);
    if (this.#refused) return;
    if (had) await this.#offerKept();
    this.#state(`Ready to learn “${this.#source?.name}”: press “${byId("go").textContent}”.`);
  }

  /** Ends what is under way for another text; one that is refused is said beside where texts are given. */
  async #change(make: () => Promise<Source>): Promise<void> {
    try {
      const source = await make();
      this.#accept();
      this.#steps = 0;
      await this.#startOver(`Ready to learn “${source.name}”.`, () => this.#showSource(source));
      this.#writeAddress(0);
    } catch (error) {
      this.#refuse(inWords(error));
    }
  }

  #takePasted(): Promise<void> {
    return this.#change(async () => ownSource(this.#paste.value, "The text you pasted"));
  }

  /** Begins a training on what was pasted. */
  async #learnPasted(): Promise<void> {
    await this.#takePasted();
    if (this.#refused) return;
    byId("go").focus();
    this.#openPaste(false);
    await this.#start();
  }

  #openPaste(open: boolean): void {
    byId("paste-box").hidden = !open;
    byId("paste-open").ariaExpanded = String(open);
    if (open) this.#paste.focus();
  }

  #refuse(why: string): void {
    this.#refused = true;
    const problem = byId("source-problem");
    problem.hidden = false;
    say(byId("source-problem-text"), why);
    const keep = byId("keep-source");
    keep.hidden = this.#source === undefined;
    say(keep, `Stay with “${this.#source?.name}”`);
    problem.scrollIntoView({ block: "nearest" });
  }

  /** What was given counts, or is given up: nothing stands in the way of a start. */
  #accept(): void {
    this.#refused = false;
    this.#settled = this.#paste.value;
    byId("source-problem").hidden = true;
    this.#problem("");
  }

  #showSource(source: Source): void {
    const { text, name, own, cut } = source;
    this.#source = source;
    const count = text.length.toLocaleString("en");
    const different = new Set(text).size.toLocaleString("en");
    say(byId("source-name"), name);
    const part = cut ? `Its first ${count} characters: that is as much as is taken` : `${count} characters`;
    say(
      byId("source-size"),
      `${part}, ${different} different ones.${own ? " A link holds the settings, not your text." : ""}`,
    );
    say(byId("excerpt"), text.slice(0, 400));
    say(
      byId("loss-hint"),
      `The loss falls as the network is less surprised by what comes next. Perplexity says it otherwise: between how many characters it hesitates. Guessing blindly, between ${different}.`,
    );
    byId("default").hidden = !own;
  }

  #settings(): Settings {
    const seed = Number(this.#input("seed").value);
    return {
      network: this.#select("network").value === "lstm" ? "lstm" : "gpt",
      size: this.#select("size").value === "large" ? "large" : "small",
      rate: Number(this.#select("rate").value),
      seed: Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32 ? seed : 0,
    };
  }

  #writeAddress(steps: number): void {
    this.#address.write({ ...this.#settings(), temperature: Number(this.#temperature.value), steps });
  }

  #code(): string {
    const source = this.#source ?? { own: false, cut: false };
    const address = new URL(DEFAULT_PATH, location.href.split("#")[0]).href;
    const { settings = this.#settings(), rates = [] } = this.#session ?? {};
    return code({ settings, rates, steps: Math.max(1, this.#step || this.#steps || 1000) }, source, address);
  }

  /** Whether it learned, or learns on, at other rates than the first one. */
  get #hasChanged(): boolean {
    return this.#session !== undefined && (this.#session.rates.length > 0 || this.#hasOtherRate(this.#session));
  }

  #hasOtherRate(session: Session): boolean {
    return this.#settings().rate !== session.rate;
  }

  /** Counts at once while it trains, else once it goes on. */
  #rateChanged(): void {
    this.#writeAddress(this.#hasChanged ? 0 : this.#steps);
    if (this.#session === undefined) return;
    const { phase } = this.#run;
    if (phase === "running" || phase === "starting") void this.#goOn();
    else this.#note("It goes on at this learning rate, with the same weights.");
  }

  /** Goes on at the rate of the form: the fit under way ends between two steps, and another one begins there. */
  async #goOn(): Promise<void> {
    if (this.#changing) return;
    this.#changing = true;
    this.#showPhase();
    await this.#run.stop();
    const goesOn = this.#changing && this.#session !== undefined;
    this.#changing = false;
    if (!goesOn) return;
    if (this.#steps > 0 && this.#step >= this.#steps) this.#ended();
    else await this.#train();
  }

  #isMoving(): boolean {
    return this.#pausing || !(this.#run.phase === "idle" || this.#run.phase === "paused");
  }

  #go(): void {
    const { phase } = this.#run;
    if (phase === "running") void this.#pause();
    else if (phase === "paused" && this.#session !== undefined && this.#hasOtherRate(this.#session)) void this.#goOn();
    else if (phase === "paused") this.#run.resume();
    else void this.#start();
  }

  async #pause(): Promise<void> {
    this.#pausing = true;
    this.#showPhase();
    await this.#run.pause();
    // The steps that were made meanwhile are told of within a frame or two.
    await new Promise((resolve) => setTimeout(resolve, 60));
    this.#pausing = false;
    this.#draw();
    this.#showPhase();
    this.#look(true);
  }

  async #start(): Promise<void> {
    this.#problem("");
    this.#note(NOTE);
    if (this.#paste.value.trim() !== "" && this.#paste.value !== this.#settled) await this.#takePasted();
    if (this.#refused) {
      this.#problem("Your text was not taken, so nothing is learned yet: see below, where texts are given.");
      byId("source-problem").scrollIntoView({ block: "nearest" });
      return;
    }
    if (this.#source === undefined) await this.#takeDefault();
    if (this.#source === undefined) return;
    // Who has come to the end that the address asks for, goes on without one.
    if (this.#steps > 0 && this.#step >= this.#steps) this.#steps = 0;
    await this.#train();
  }

  async #train(): Promise<void> {
    const source = this.#source;
    if (source === undefined) return;
    await this.#run.start(async () => {
      if (this.#session === undefined) this.#clear();
      const session = this.#session ?? (await Session.create(this.#settings(), source.text));
      this.#session = session;
      this.#before = this.#step;
      if (this.#hasOtherRate(session)) {
        const { rate } = this.#settings();
        await session.setRate(rate, this.#step);
        this.#note(`From step ${this.#step.toLocaleString("en")} on it learns at a rate of ${rate}.`);
      }
      return () => session.fit(this.#steps > 0 ? this.#steps - this.#before : 0);
    });
  }

  #showPhase(): void {
    const { phase } = this.#run;
    const isTrained = this.#step > 0;
    const isBetween = this.#pausing || this.#changing || this.#ending > 0;
    const text = this.#changing ? "One moment …" : this.#pausing ? "Pausing …" : going[phase];
    const anew = this.#waits === undefined ? text : "Start anew";
    say(byId("go"), isBetween || phase !== "idle" ? text : isTrained ? "Train on" : anew);
    enable(byId("go"), !isBetween && phase !== "starting" && phase !== "stopping");
    enable(byId("reset"), this.#session !== undefined && phase !== "starting" && phase !== "stopping");
    enable(byId("write"), this.#session !== undefined && phase !== "starting");
    this.#tools.enable(this.#session !== undefined && isTrained);
    if (phase === "starting") this.#state("Starting …");
    if (phase === "running" && this.#session !== undefined)
      this.#state(
        `Training ${this.#session.weightCount.toLocaleString("en")} weights. ${describe("threads", this.#session.executor.info)}`,
      );
    if (phase === "paused" && !this.#pausing) this.#state("Paused.");
    if (phase === "running") this.#offer(undefined);
  }

  #reported({ step, loss, losses, samplesPerSecond }: Report): void {
    if (this.#step === 0) this.#tools.enable(true);
    this.#step = this.#before + step;
    this.#loss = loss;
    const { loss: curve, smoother } = this.#curves;
    losses.forEach((value, i) => {
      curve.add(this.#step - losses.length + 1 + i, smoother.next(value));
    });
    if (Number.isFinite(samplesPerSecond))
      say(byId("figure-rate"), Number((samplesPerSecond * LENGTH).toPrecision(3)).toLocaleString("en"));
    if (this.#step > 20 && loss > 2 * Math.log(this.#session?.alphabet.characters.length ?? 1))
      this.#state("It does worse than guessing blindly: choose a lower learning rate.");
    this.#drawSoon();
    if (performance.now() - this.#wrote > WRITE_EVERY) this.#look(performance.now() - this.#keptAt > KEEP_EVERY);
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
    if (this.#step > 0) say(byId("figure-step"), this.#step.toLocaleString("en"));
    if (this.#step > 0 && !Number.isNaN(this.#loss)) {
      sayNumber(byId("figure-loss"), this.#loss, this.#loss.toFixed(3));
      say(byId("figure-perplexity"), Math.exp(this.#loss).toFixed(1));
    }
    this.#chart.show([this.#curves.loss.points(), this.#curves.tested.points()]);
  }

  /** Has it write, looks where it looks, tests it and keeps it: one after the other, never twice at once. Asked meanwhile, it still keeps. */
  #look(keeps: boolean): void {
    const session = this.#session;
    if (session === undefined || this.#step === 0) return;
    this.#keepsNext ||= keeps;
    if (this.#looking !== undefined) return;
    this.#looking = this.#lookAt(session)
      .catch(() => undefined) // the session is over, or its worker died, which the run tells of
      .finally(() => {
        this.#looking = undefined;
      });
  }

  async #lookAt(session: Session): Promise<void> {
    const [step, loss] = [this.#step, this.#loss];
    const begin = session.alphabet.encode("\n");
    const prompt = begin.length > 0 ? begin : Int32Array.of(0);
    const text = await session.write(prompt, SAMPLE, Number(this.#temperature.value), step);
    if (session !== this.#session) return;
    this.#wrote = performance.now();
    this.#samples.add({ step, loss, text });
    const looks = await session.looks(text);
    const tested = await session.tested();
    if (session !== this.#session) return;
    if (looks !== undefined) this.#looks.show(looks);
    if (Number.isFinite(tested)) this.#curves.tested.add(this.#step, tested); // it trained on while that was written
    this.#drawSoon();
    while (this.#keepsNext && session === this.#session) {
      this.#keepsNext = false;
      await this.#keep(session);
    }
  }

  async #keep(session: Session): Promise<void> {
    const source = this.#source;
    if (source === undefined || !this.#keeps) return;
    this.#keptAt = performance.now();
    const state = await session.snapshot();
    if (session !== this.#session) return;
    try {
      const step = stepsOf(state);
      const rates = session.rates.filter((change) => change.step <= step); // it may have changed meanwhile
      await keep({ settings: session.settings, rates, step, source, state }, source.text);
      if (session !== this.#session) return;
      say(byId("kept-note"), `This browser keeps the training on “${source.name}”: after a reload you can go on.`);
      byId("forget").hidden = false;
    } catch {
      this.#keeps = false;
      say(byId("kept-note"), "This browser keeps nothing for this page. The weights can be saved as a file below.");
    }
  }

  async #offerKept(): Promise<void> {
    const found = await kept();
    if (found === undefined) return;
    this.#offer(found);
    const kind = found.settings.network === "gpt" ? "a GPT" : "an LSTM";
    const what = `This browser has kept ${kind} that learned “${found.source.name}”`;
    say(byId("kept-note"), `${what}. A new training takes its place.`);
    byId("forget").hidden = false;
    this.#showPhase();
  }

  /** Beside the start, the way to go on with what is kept; undefined: nothing is, or it is under way. */
  #offer(found: Kept | undefined): void {
    this.#waits = found;
    const button = byId("continue");
    if (found !== undefined) say(button, `Continue from step ${found.step.toLocaleString("en")}`);
    button.hidden = found === undefined;
    byId("go").classList.toggle("primary", found === undefined);
  }

  async #continue(): Promise<void> {
    if (this.#waits === undefined || this.#run.phase !== "idle") return;
    this.#offer(undefined);
    byId("go").focus();
    this.#showPhase();
    const found = await kept(); // another tab may have trained on, or forgotten it
    if (found === undefined) {
      say(byId("kept-note"), "It is kept no longer: it was forgotten in another tab.");
      byId("forget").hidden = true;
      return;
    }
    const { settings, rates, source, state, step } = found;
    try {
      const text = found.text ?? (await defaultSource()).text;
      this.#accept();
      await this.#startOver("", () => this.#showSource({ ...source, text }));
      for (const [name, value] of Object.entries(settings)) this.#setField(name, String(value));
      const rate = rates.at(-1)?.rate ?? settings.rate;
      this.#setField("rate", String(rate));
      this.#showNetwork();
      this.#steps = 0;
      this.#writeAddress(0);
      await this.#run.start(async () => {
        const session = await Session.create(settings, text);
        await session.restore(state, rates);
        this.#session = session;
        this.#before = step;
        this.#step = step;
        return () => session.fit(0);
      });
    } catch (error) {
      this.#problem(inWords(error));
    }
  }

  async #forget(): Promise<void> {
    this.#offer(undefined);
    this.#showPhase();
    byId("forget").hidden = true;
    this.#keepsNext = false;
    await this.#looking;
    await forget().then(
      () => say(byId("kept-note"), "Forgotten. The next training is kept again."),
      () => say(byId("kept-note"), "This browser keeps nothing for this page."),
    );
    byId("forget").hidden = true;
  }

  /** Ends what is under way, and forgets the network; nothing can be started before that is done and what follows from it. */
  async #startOver(said: string, then?: () => void): Promise<void> {
    this.#ending++;
    this.#changing = false;
    this.#showPhase();
    let old: Session | undefined;
    try {
      await this.#run.stop();
      old = this.#session;
      this.#session = undefined;
      await this.#looking;
      await old?.dispose();
      then?.();
    } finally {
      this.#ending--;
    }
    this.#clear();
    this.#showPhase();
    this.#problem("");
    if (said !== "" || old !== undefined) this.#state(said || "Ready. The next start begins with new weights.");
  }

  /** Takes away all that an earlier training has shown. */
  #clear(): void {
    this.#keepsNext = false;
    this.#step = 0;
    this.#before = 0;
    this.#loss = Number.NaN;
    this.#curves = newCurves();
    for (const name of ["step", "loss", "perplexity", "rate"]) say(byId(`figure-${name}`), "–");
    delete byId("figure-loss").dataset.exact;
    this.#samples.clear();
    this.#looks.show(undefined);
    say(byId("answer"), UNASKED);
    this.#draw();
  }

  #ended(): void {
    this.#draw();
    if (this.#session === undefined || this.#changing) return;
    this.#state(`Done: ${this.#step.toLocaleString("en")} steps.`);
    this.#showPhase();
    this.#look(true);
  }

  #failed(error: unknown): void {
    this.#changing = false;
    this.#draw();
    this.#state("");
    this.#problem(inWords(error));
    if (!isEnd(error) && this.#session !== undefined) return;
    const session = this.#session;
    this.#session = undefined;
    this.#step = 0;
    this.#showPhase();
    void session?.dispose().catch(() => undefined);
  }

  async #answer(): Promise<void> {
    const session = this.#session;
    const button = byId("write");
    if (session === undefined || button.ariaDisabled === "true") return;
    enable(button, false);
    try {
      const given = byId("prompt", HTMLInputElement).value;
      const known = new Set(session.alphabet.characters);
      const missing = [...new Set(given)].filter((character) => !known.has(character));
      const codes = session.alphabet.encode(given);
      const prompt = codes.length > 0 ? codes : Int32Array.of(0);
      const text = await session.write(prompt, ANSWER, Number(this.#temperature.value), Math.floor(performance.now()));
      const without = missing.length === 0 ? "" : ` (Left out, since the text has none: ${missing.join(" ")})`;
      say(byId("answer"), inOneLine(text) + without);
    } catch (error) {
      if (session === this.#session) say(byId("answer"), inWords(error));
    } finally {
      enable(button, this.#session !== undefined);
    }
  }

  #showNetwork(): void {
    const { network, size } = this.#settings();
    this.#looks.layers(network === "gpt" ? sizes.gpt[size].layers : 0);
  }

  #showTemperature(): void {
    say(byId("temperature-value"), Number(this.#temperature.value).toFixed(1));
  }

  #select(name: string): HTMLSelectElement {
    return this.#form.elements.namedItem(name) as HTMLSelectElement;
  }

  #input(name: string): HTMLInputElement {
    return this.#form.elements.namedItem(name) as HTMLInputElement;
  }

  #setField(name: string, value: string): void {
    const field = this.#select(name);
    if (field instanceof HTMLSelectElement && [...field.options].every((option) => option.value !== value))
      field.append(new Option(value, value));
    field.value = value;
  }

  /** What a change of the settings does, or did. */
  #note(text: string): void {
    say(byId("settings-note"), text);
  }

  #state(text: string): void {
    say(byId("state"), text);
  }

  #problem(text: string): void {
    const element = byId("problem");
    element.hidden = text === "";
    say(element, text);
  }
}
