// What pages of teaching share: classes that are shown to it, a training that starts, pauses and resumes, answers, and what can be taken along.
import type { Executor, Report } from "simdgrad";
import { Address } from "../shared/address.ts";
import { byId, enable, onPress, say, sayNumber } from "../shared/dom.ts";
import { open } from "../shared/places.ts";
import { inWords, isEnd } from "../shared/problems.ts";
import { type Phase, Run } from "../shared/run.ts";
import { save } from "../shared/save.ts";
import { onSurePress } from "../shared/sure.ts";
import { type Metadata, startTools, type Tools } from "../shared/tools.ts";
import { Answer } from "./answer.ts";
import { Classes, type ClassOptions, LEAST, MOST } from "./classes.ts";
import { examplesFile, readExamples } from "./examples.ts";
import { KeptExamples } from "./kept.ts";
import type { Body, Sample, Taught, TeachSettings } from "./lesson.ts";
import { fields, TeachForm } from "./settings.ts";
import { Teacher } from "./teacher.ts";

/** What was done, for its code. */
export interface Done {
  readonly settings: TeachSettings;
  readonly names: readonly string[];
  /** Steps that were made. */
  readonly steps: number;
}

export interface TeachPageOptions extends Pick<ClassOptions, "kind" | "noun" | "ways" | "onFiles" | "fixed"> {
  /** Of files that are saved. */
  readonly name: string;
  readonly names: readonly string[];
  readonly rate: number;
  readonly steps: number;
  /** What is said before there are examples, and while their features are made. */
  readonly begin: string;
  readonly looking: string;
  /** What is said before anything is known, before anything is asked, and where no class is likely. */
  readonly quiet: string;
  readonly asks: string;
  readonly unsure: string;
  /** What stays as it is; fetched when it is asked for first. */
  readonly body: (onProgress: (share: number) => void) => Promise<Body>;
  /** The shape of examples as they are kept. */
  readonly shape: () => readonly number[];
  /** A small picture of an example. */
  readonly picture: (sample: Sample) => HTMLCanvasElement;
  readonly code: (done: Done) => string;
  /** What goes into the model and comes out of it, for its files. */
  readonly meaning: () => Metadata;
  /** Told when there is a network that answers, or none. */
  readonly onTeacher?: (teacher: Teacher | undefined) => void;
}

const EVERY = 100; // ms from one change of the figures to the next: faster ones nobody reads
const whole = new Intl.NumberFormat("en");
const going: Readonly<Record<Phase, string>> = {
  idle: "Train",
  starting: "Getting ready …",
  running: "Pause",
  paused: "Resume",
  stopping: "Stopping …",
};

const HERE = "This browser keeps what you show on this machine: it is here when you come back.";

/** A time that is never none. */
function timeOf(seconds: number): string {
  if (seconds >= 1) return `${seconds.toFixed(1)} s`;
  return seconds >= 0.001 ? `${Math.round(1000 * seconds)} ms` : "< 1 ms";
}

export class TeachPage {
  readonly classes: Classes;
  readonly answer: Answer;
  readonly #options: TeachPageOptions;
  readonly #fields: ReturnType<typeof fields>;
  readonly #address: Address<ReturnType<typeof fields>>;
  readonly #form: TeachForm;
  readonly #tools: Tools;
  readonly #run = new Run({
    onPhase: (phase) => this.#phaseChanged(phase),
    onReport: (report) => this.#reported(report),
    onEnd: () => this.#ended(),
    onError: (error) => this.#failed(error),
  });
  #executor: Promise<Executor> | undefined;
  #teacher: Teacher | undefined;
  #report: Report | undefined;
  /** Whether it says that examples lack. */
  #lacks = false;
  /** What was there before examples of the page's own making. */
  #before: readonly Taught[] | undefined;
  readonly #madeUp = new WeakSet<Sample>();
  readonly #kept: KeptExamples;
  /** Whether what is shown is to be kept. */
  #keeps = false;
  /** Whether names, examples or settings changed since the last training began. */
  #isChanged = false;
  #drawn = 0;
  #waiting: ReturnType<typeof setTimeout> | undefined;

  constructor(options: TeachPageOptions) {
    this.#options = options;
    this.#fields = fields(options.names, options);
    this.#address = new Address(this.#fields);
    const { names, ...settings } = this.#address.read();
    const { kind, noun, ways, onFiles, fixed, quiet, unsure } = options;
    this.answer = new Answer(quiet, unsure);
    const onChange = () => this.#changed();
    const onRenamed = (text: string) => this.problem(text);
    const costs = (row: Taught) => this.#areOwn([row]);
    const rows = { kind, noun, ways, onFiles, names, onChange, onRenamed, costs };
    this.classes = new Classes({ ...rows, ...(fixed !== undefined && { fixed }) });
    this.#kept = new KeptExamples(`simdgrad-${options.name}`, {
      all: () => {
        const own = this.#own();
        return own && examplesFile(own, options.shape(), undefined);
      },
      onKept: (problem) =>
        this.#sayKept(
          problem === "" ? HERE : `Your ${noun[1]} are not kept here, but can be saved to a file. ${problem}`,
        ),
    });
    this.#form = new TeachForm(this.#fields, settings, onChange);
    this.#tools = startTools({
      code: () => options.code(this.#done()),
      address: () => this.#writeAddress(true),
      link: () => this.#linkHolds(),
      model: () => this.#portable(),
    });
    onPress(byId("go"), () => this.#go());
    onPress(byId("bring-back"), () => this.#bringBack());
    onSurePress(
      byId("forget-examples"),
      () => true,
      () => this.#forgetExamples(),
    );
    onPress(byId("stop"), () => void this.#run.stop());
    onPress(byId("save-examples"), () => void this.#saveExamples());
    const file = byId("load-examples", HTMLInputElement);
    file.addEventListener("change", () => {
      const [chosen] = file.files ?? [];
      file.value = "";
      if (chosen !== undefined) void this.#loadExamples(chosen);
    });
    addEventListener("beforeunload", (event) => {
      if (this.#own() !== undefined && !(this.#keeps && this.#kept.isDone)) event.preventDefault();
    });
    addEventListener("pagehide", ({ persisted }) => {
      if (!persisted) void this.#executor?.then((executor) => executor.dispose());
    });
    this.#phaseChanged("idle");
    this.#changed();
  }

  get teacher(): Teacher | undefined {
    return this.#teacher;
  }

  /** Shows what this browser has kept, or offers it where the address names other classes; from now on it keeps what is shown. */
  async bringKept(): Promise<void> {
    this.#sayKept(HERE);
    try {
      const bytes = await this.#kept.read();
      if (bytes !== undefined) this.#offer(await readExamples(bytes, this.#options.shape(), this.#most));
    } catch (error) {
      this.#sayKept(inWords(error));
    }
    this.#changed();
    this.#keeps = true;
  }

  #offer(taught: readonly Taught[]): void {
    const named = taught.map(({ name }) => name).filter((name) => name !== this.#options.fixed);
    const asked = this.classes.names.join();
    if (asked === this.#options.names.join() || asked === named.join()) {
      this.#put(taught);
      return;
    }
    this.#before = taught;
    byId("bring-back").hidden = false;
    const [, many] = this.#options.noun;
    const names = named.map((name) => `“${name}”`).join(", ");
    this.#sayKept(
      `This browser keeps ${many} of ${names}: “Bring back what was here” shows them. What you show now takes their place.`,
    );
  }

  /** Takes all examples away, here and where the browser keeps them; names stay. */
  #forgetExamples(): void {
    this.#before = undefined;
    byId("bring-back").hidden = true;
    for (const row of this.classes.rows) row.clear();
  }

  #sayKept(text: string): void {
    say(byId("kept-note"), text);
  }

  /** Classes that a file may have. */
  get #most(): number {
    return MOST + (this.#options.fixed === undefined ? 0 : 1);
  }

  /** Shows a problem in words; "" takes it away. */
  problem(text: string): void {
    const place = byId("problem");
    place.hidden = text === "";
    say(place, text);
  }

  state(text: string): void {
    say(byId("state"), text);
  }

  /** Puts examples of a page's own making in the place of what is there, which a button brings back. */
  showInstead(taught: readonly Taught[]): void {
    this.#replace(taught);
    for (const { examples } of taught) for (const sample of examples) this.#madeUp.add(sample);
    byId("go").closest("section")?.scrollIntoView({ block: "nearest" });
  }

  /** Shows these, and puts aside what is the visitor's: it comes before what is only named by them. */
  #replace(taught: readonly Taught[]): void {
    const own = this.#own();
    if (own === undefined ? this.#hasOwn() : own !== this.#before) this.#before = this.#all();
    byId("bring-back").hidden = this.#before === undefined;
    this.#put(taught);
  }

  /** Changes what is there for what was there before it was replaced, and the other way round: nothing is lost. */
  #bringBack(): void {
    const before = this.#before;
    if (before === undefined) return;
    this.#before = this.#all();
    this.#put(before);
  }

  /** Whether names or examples are the visitor's. */
  #hasOwn(): boolean {
    const { taught, names } = this.classes;
    return taught.length === 0 ? names.join() !== this.#options.names.join() : this.#areOwn(taught);
  }

  /** Whether some of these are the visitor's. */
  #areOwn(taught: readonly Pick<Taught, "examples">[]): boolean {
    return taught.some(({ examples }) => examples.some((sample) => !this.#madeUp.has(sample)));
  }

  /** The visitor's examples, shown or put aside; undefined where there are none. */
  #own(): readonly Taught[] | undefined {
    return [this.#all(), this.#before ?? []].find((taught) => this.#areOwn(taught));
  }

  /** All classes, also those without examples. */
  #all(): readonly Taught[] {
    return this.classes.rows.map(({ name, examples }) => ({ name, examples }));
  }

  /** Shows these classes with their examples, and no others. */
  #put(taught: readonly Taught[]): void {
    const { fixed, picture } = this.#options;
    const first = taught.find(({ name }) => name === fixed);
    const named = taught.filter((each) => each !== first);
    this.classes.reset(named.map(({ name }) => name));
    const inRows = fixed === undefined ? named : [first, ...named];
    for (const [i, row] of this.classes.rows.entries())
      for (const sample of inRows[i]?.examples ?? []) row.add(sample, picture(sample));
  }

  /** What is known no longer holds: another body. */
  async forget(): Promise<void> {
    await this.#run.stop();
    await this.#letGo();
    this.#keeps = false;
    await this.#kept.settled();
    this.#before = undefined; // it may have another shape
    byId("bring-back").hidden = true;
    const [, many] = this.#options.noun;
    this.#sayKept(`While another network is used, this browser keeps no ${many}: “Save the examples” gives a file.`);
    this.#phaseChanged("idle");
    this.#changed();
  }

  /** Asks the network, if there is one. */
  async ask(sample: Sample): Promise<Float32Array | undefined> {
    const teacher = this.#teacher;
    if (teacher === undefined || this.#run.phase === "starting") return undefined;
    return this.answer.ask(teacher, sample);
  }

  #go(): void {
    const { phase } = this.#run;
    if (phase === "running") void this.#pause();
    else if (phase === "paused") this.#run.resume();
    else if (phase === "idle") void this.#start();
  }

  /** Pauses; only once the last step has been told it can be gone on with. */
  async #pause(): Promise<void> {
    const paused = this.#run.pause();
    enable(byId("go"), false);
    await paused.catch(() => undefined); // told by the run
    let last: Report | undefined;
    do {
      last = this.#report;
      await new Promise((resolve) => setTimeout(resolve, EVERY));
    } while (last !== this.#report);
    this.#draw();
    this.#phaseChanged(this.#run.phase);
  }

  #start(): Promise<void> {
    this.problem("");
    const { taught } = this.classes;
    const [, many] = this.#options.noun;
    if (taught.length < LEAST) {
      this.problem(`It needs ${many} of two classes at least, to tell them apart. Add some first.`);
      this.#lacks = true;
      return Promise.resolve();
    }
    const settings = this.#form.read();
    this.#isChanged = false;
    this.#writeAddress(false);
    return this.#run.start(async () => {
      this.#clear();
      this.state("Fetching the network …");
      const body = await this.#options.body((share) => this.#progress(share / 4));
      this.#executor ??= open("threads", "portable");
      this.#executor.catch(() => {
        this.#executor = undefined;
      });
      const executor = await this.#executor;
      await this.#letGo();
      this.state(this.#options.looking);
      const onProgress = (share: number) => this.#progress((1 + 3 * share) / 4);
      const teacher = await Teacher.create(body, taught, settings, { executor, onProgress });
      this.#teacher = teacher;
      this.answer.clear(teacher.names, this.#options.asks);
      this.#progress(0);
      this.#options.onTeacher?.(teacher);
      return () => teacher.fit();
    });
  }

  async #letGo(): Promise<void> {
    const old = this.#teacher;
    this.#teacher = undefined;
    this.#options.onTeacher?.(undefined);
    await old?.dispose().catch(() => undefined); // its worker may be dead
  }

  #clear(): void {
    clearTimeout(this.#waiting);
    this.#report = undefined;
    for (const name of ["step", "loss", "right", "seconds"]) say(byId(`figure-${name}`), "–");
    delete byId("figure-loss").dataset.exact;
  }

  #progress(share: number): void {
    byId("progress", HTMLProgressElement).value = share;
  }

  #reported(report: Report): void {
    this.#report = report;
    clearTimeout(this.#waiting);
    const wait = EVERY - (performance.now() - this.#drawn);
    if (wait > 0) this.#waiting = setTimeout(() => this.#draw(), wait);
    else this.#draw();
  }

  #draw(): void {
    clearTimeout(this.#waiting);
    const [report, teacher] = [this.#report, this.#teacher];
    if (report === undefined || teacher === undefined) return;
    this.#drawn = performance.now();
    const { step, loss, metrics, seconds } = report;
    const { steps } = teacher.settings;
    say(byId("figure-step"), whole.format(step));
    sayNumber(byId("figure-loss"), loss, loss.toPrecision(3));
    say(byId("figure-right"), metrics.accuracy === undefined ? "–" : `${(100 * metrics.accuracy).toFixed(0)} %`);
    say(byId("figure-seconds"), timeOf(seconds));
    this.#progress(steps === 0 ? 0 : step / steps);
  }

  #phaseChanged(phase: Phase): void {
    say(byId("go"), phase === "idle" && this.#teacher !== undefined ? "Train again" : going[phase]);
    enable(byId("go"), phase !== "starting" && phase !== "stopping");
    enable(byId("stop"), phase === "running" || phase === "paused");
    this.#tools.enable(this.#teacher !== undefined && phase !== "starting");
    this.#sayPhase(phase);
  }

  #sayPhase(phase: Phase): void {
    if (phase === "running")
      this.state(`Training. ${this.#isChanged ? this.#since() : "Ask it while it learns."} ${this.#waits()}`.trim());
    if (phase === "paused") this.state(`Paused. ${this.#since()} ${this.#waits()}`.trim());
  }

  /** What of the visitor's changes the network knows nothing of; "" where there is none. */
  #since(): string {
    const teacher = this.#teacher;
    if (teacher === undefined || !this.#isChanged) return "";
    const taught = new Set(this.classes.taught.map(({ name }) => name));
    const gone = teacher.names.filter((name) => !taught.has(name)).map((name) => `“${name}”`);
    const changes = "What you changed counts from the next training on.";
    return gone.length === 0 ? changes : `${changes} Until then it still answers ${gone.join(", ")}.`;
  }

  /** Which classes wait for their first example, where the others can be learned; "" where none does. */
  #waits(): string {
    const { taught, waiting } = this.classes;
    if (taught.length < LEAST || waiting.length === 0) return "";
    const [one] = this.#options.noun;
    const [names, verb] = [waiting.map((name) => `“${name}”`).join(", "), waiting.length === 1 ? "waits" : "wait"];
    return `${names} ${verb} for a first ${one}, and ${waiting.length === 1 ? "is" : "are"} left out until then.`;
  }

  #ended(): void {
    this.#draw();
    const steps = this.#report?.step ?? 0;
    const text =
      steps === 0 ? "Stopped before the first step." : `It has learned for ${whole.format(steps)} steps. Try it.`;
    this.state(`${text} ${this.#since()} ${this.#waits()}`.trim());
  }

  #failed(error: unknown): void {
    this.problem(inWords(error));
    this.state("Stopped by an error.");
    if (!isEnd(error)) return;
    const executor = this.#executor;
    this.#executor = undefined;
    void this.#letGo();
    executor?.then((it) => it.dispose()).catch(() => undefined); // its worker may be dead
    this.#phaseChanged("idle");
  }

  /** Names, examples or settings changed. */
  #changed(): void {
    const { taught, names } = this.classes;
    this.#isChanged = true;
    if (this.#lacks && taught.length >= LEAST) {
      this.#lacks = false;
      this.problem("");
    }
    if (this.#teacher === undefined) this.answer.clear(this.classes.rows.map(({ name }) => name));
    enable(byId("save-examples"), taught.length > 0);
    enable(byId("forget-examples"), this.#own() !== undefined);
    if (this.#keeps) this.#kept.soon();
    if (this.#run.phase === "idle") {
      const ready = this.#teacher === undefined ? "Ready to train." : "";
      const begin = taught.length < LEAST ? this.#options.begin : ready;
      this.state(`${begin} ${this.#since()} ${this.#waits()}`.trim());
    } else this.#sayPhase(this.#run.phase);
    if (names.length >= LEAST) this.#writeAddress(false);
  }

  /** @param here whether a training that is paused or stopped is to end where it stands */
  #writeAddress(here: boolean): void {
    const settings = this.#form.read();
    const stands = here && this.#run.phase !== "running" && this.#report !== undefined && this.#asTrained();
    const steps = stands ? (this.#report?.step ?? settings.steps) : settings.steps;
    this.#address.write({ ...settings, steps, names: this.classes.names });
  }

  /** Whether the form still says what the last training was made by. */
  #asTrained(): boolean {
    const [asked, used] = [this.#form.read(), this.#teacher?.settings];
    return used === undefined || (asked.rate === used.rate && asked.seed === used.seed && asked.steps === used.steps);
  }

  #linkHolds(): string {
    const [, many] = this.#options.noun;
    const settings = this.#asTrained() ? "the settings" : "the settings of the next training";
    return `It holds the classes’ names and ${settings}, but no ${many}: “Save the examples” gives a file of those.`;
  }

  #done(): Done {
    const settings = this.#teacher?.settings ?? this.#form.read();
    const { rows, taught } = this.classes;
    // Before anything is shown, the code is that of all classes.
    const next = (taught.length < LEAST ? rows : taught).map(({ name }) => name);
    const names = this.#teacher?.names ?? next;
    return { settings, names, steps: this.#report?.step ?? (settings.steps || this.#options.steps) };
  }

  #portable() {
    const teacher = this.#teacher;
    if (teacher === undefined) return undefined;
    return {
      name: this.#options.name,
      weights: () => teacher.weights(),
      onnx: (metadata: Metadata) => teacher.onnx(metadata),
      metadata: { ...this.#options.meaning(), classes: JSON.stringify(teacher.names) },
    };
  }

  async #saveExamples(): Promise<void> {
    const note = byId("examples-note");
    try {
      const name = `${this.#options.name}-examples.safetensors`;
      save(name, await examplesFile(this.classes.taught, this.#options.shape(), this.#teacher));
      say(note, `Saved to the file ${name}.`);
    } catch (error) {
      say(note, inWords(error));
    }
  }

  async #loadExamples(file: File): Promise<void> {
    const note = byId("examples-note");
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      const { fixed } = this.#options;
      const taught = await readExamples(bytes, this.#options.shape(), this.#most);
      if (taught.every(({ name }) => name === fixed)) throw new Error("there is no class in it");
      this.#replace(taught);
      say(note, `Loaded from the file ${file.name}.`);
    } catch (error) {
      say(note, inWords(error));
    }
  }
}
