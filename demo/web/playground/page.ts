// The playground: a session, a run of it, and what shows them. What is changed while it trains is noted with its step.
import type { Executor, Report } from "simdgrad";
import { Address } from "../shared/address.ts";
import type { Chart } from "../shared/chart.ts";
import { byId, enable, fillSelect, onPress, say } from "../shared/dom.ts";
import { open } from "../shared/places.ts";
import { inWords, isEnd } from "../shared/problems.ts";
import { type Phase, Run } from "../shared/run.ts";
import { onFirstSign } from "../shared/signs.ts";
import { Curve } from "../shared/smoothing.ts";
import { onSurePress } from "../shared/sure.ts";
import { startTools } from "../shared/tools.ts";
import { codeOf } from "./code.ts";
import { pointsOfCsv } from "./csv.ts";
import { Editor } from "./editor.ts";
import { Flow } from "./flow.ts";
import { Form } from "./form.ts";
import { Graph } from "./graph.ts";
import type { LandscapeView } from "./landscape.ts";
import { weightsMetadata } from "./metadata.ts";
import { widthsOf } from "./network.ts";
import { Overfitting } from "./overfitting.ts";
import { noWay, pathPlane, randomPlane } from "./plane.ts";
import { MOST_POINTS, onGrid, type Points } from "./points.ts";
import { showPresets } from "./presets.ts";
import { foundBy, readyWords } from "./replay.ts";
import { RunView, short } from "./run-view.ts";
import { countsInWords, lackOf, outputsOf, samplesOf } from "./samples.ts";
import { labelOf, type Scale, scaleInWords, takenInWords } from "./scale.ts";
import { type Answer, Session } from "./session.ts";
import type { Sample } from "./sets.ts";
import sets from "./sets.ts?raw";
import { type Change, difference, fields, type Settings, sameNetwork, scaleOf, sound } from "./settings.ts";
import { Surface } from "./surface.ts";
import type { Moment } from "./timeline.ts";

const MEASURE_EVERY = 250; // ms
const NOT_FOLLOWED =
  "Some changes of this link are left out: they ask for points that are missing or of other classes, or for a weight that this network does not have.";

type Opened = Settings & { readonly steps: number; readonly changes: readonly Change[] };

export class PlaygroundPage {
  readonly #address = new Address(fields, () => void this.#open(this.#opened()));
  readonly #view = new RunView({ go: () => void this.#go(), reset: () => this.#reset() });
  readonly #run = new Run({
    onPhase: (phase) => this.#phaseChanged(phase),
    onReport: (report) => this.#reported(report),
    onEnd: (finished) => this.#ended(finished),
    onError: (error) => this.#failed(error),
  });
  readonly #graph = new Graph({
    onShape: (hidden) => this.#changed({ ...this.#settings, hidden }),
    onUnit: (unit, from) => this.#editor.open(unit, from),
  });
  readonly #editor = new Editor(this.#graph, (weight) => this.#apply({ set: {}, weight }));
  readonly #surface = new Surface({ onAdd: (x, y) => this.#add(x, y), onRemove: (x, y) => this.#remove(x, y) });
  readonly #flow = new Flow();
  readonly #form: Form;
  readonly #tools = startTools({
    code: () => this.#code(),
    address: () => this.#write(true),
    link: () => this.#linkHolds(),
    model: () => this.#model(),
  });
  #chart: Chart | undefined;
  #landscape: LandscapeView | undefined;
  #trainCurve = new Curve(300);
  #testCurve = new Curve(300);
  readonly #overfitting = new Overfitting();
  /** Those of the next session, and of this one as they are now. */
  #settings: Settings;
  #foreseen: readonly Change[] = [];
  /** What of the link could not be followed. */
  #left = "";
  /** Where it stops by itself; 0: nowhere. */
  #until: number;
  #executor: Executor | undefined;
  #session: Session | undefined;
  /** Whether it shall train: what is changed meanwhile begins anew by itself. */
  #wanted = false;
  #renewing: Promise<void> = Promise.resolve();
  #asking = false;
  #stale = true;
  #measured = 0;
  #measuring = false;
  /** Of the last points of the curves. */
  #curveStep = 0;
  /** What the graph shows, as text. */
  #shape = "";
  /** The moment that is looked at; undefined: now. */
  #past: Moment | undefined;

  constructor() {
    const { steps, changes, ...settings } = this.#opened();
    this.#settings = settings;
    this.#foreseen = changes;
    this.#until = steps;
    this.#form = new Form(settings, (chosen) => this.#changed(withPoints(chosen, this.#settings)));
    this.#listen();
    showPresets();
  }

  /** What the address says, as far as it can be followed. */
  #opened(): Opened {
    const said = this.#address.read();
    const followed = sound(said);
    const isWhole = JSON.stringify(followed.changes) === JSON.stringify(said.changes);
    this.#left = isWhole ? "" : NOT_FOLLOWED;
    return followed;
  }

  /** Shows what there is to train; the worker, and with it the network before its first step, comes with the visitor's first sign of life. */
  begin(): void {
    this.#showSettings();
    this.#view.state(this.#ready);
    this.#view.problem(this.#left);
    onFirstSign(() => {
      if (this.#session === undefined) void this.#renew(this.#settings, this.#foreseen, this.#until);
    });
    const frame = () => {
      void this.#look();
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  #listen(): void {
    onPress(byId("add-layer"), () => this.#layers(1));
    onPress(byId("remove-layer"), () => this.#layers(-1));
    onSurePress(
      byId("clear-points"),
      () => this.#isPrecious,
      () => this.#points({ rows: [], classes: 2 }),
    );
    onPress(byId("new-seed"), () => this.#changed({ ...this.#settings, seed: (this.#settings.seed + 1) % 2 ** 32 }));
    onPress(byId("show-landscape"), () => void this.#showLandscape());
    fillSelect(byId("pace", HTMLSelectElement), paces, "0");
    byId("pace").addEventListener("input", () => void this.#session?.setPace(this.#pace));
    const file = byId("points-file", HTMLInputElement);
    file.addEventListener("change", () => {
      const [chosen] = file.files ?? [];
      if (chosen !== undefined) void this.#load(chosen);
      file.value = "";
    });
    const main = byId("main");
    main.addEventListener("dragover", (event) => event.preventDefault());
    main.addEventListener("drop", (event) => {
      event.preventDefault();
      const dropped = event.dataTransfer?.files[0];
      if (dropped !== undefined) void this.#load(dropped);
    });
    const time = byId("time", HTMLInputElement);
    time.addEventListener("input", () => this.#travel(time.valueAsNumber));
  }

  /** Weights of the way so far. */
  get #moments(): readonly Moment[] {
    return this.#session?.moments ?? [];
  }

  /** Whether there are points of the visitor's, or there is a network in training: what nobody gets back. */
  get #isPrecious(): boolean {
    const { data, points } = this.#settings;
    return (data === "own" && points.rows.length > 0) || (this.#session?.step ?? 0) > 0;
  }

  get #hasPoints(): boolean {
    return this.#settings.data !== "own" || this.#settings.points.rows.length >= 2;
  }

  /** What is said before the first step. */
  get #ready(): string {
    return readyWords(this.#until, this.#foreseen);
  }

  get #pace(): number {
    return Number(byId("pace", HTMLSelectElement).value);
  }

  async #go(): Promise<void> {
    const { phase } = this.#run;
    this.#wanted = phase === "idle";
    if (phase === "idle") await this.#start();
    else await this.#run.stop();
  }

  async #start(): Promise<void> {
    this.#view.problem("");
    void this.#makeChart();
    await this.#renewing;
    if (this.#session === undefined) await this.#renew(this.#settings, this.#foreseen, this.#until);
    const session = this.#session;
    if (session === undefined) {
      this.#wanted = false;
      return;
    }
    this.#travel(Number.POSITIVE_INFINITY);
    if (this.#until <= session.step) this.#until = 0;
    await this.#run.start(async () => {
      await session.setPace(this.#pace);
      const fit = session.train(this.#until);
      return () => fit;
    });
  }

  /** A network with new weights in the place of the one there is. */
  #renew(settings: Settings, foreseen: readonly Change[] = [], until = 0): Promise<void> {
    this.#settings = settings;
    this.#foreseen = foreseen;
    this.#until = until;
    const old = this.#session;
    this.#session = undefined;
    this.#clear();
    this.#renewing = this.#renewing.then(async () => {
      await this.#run.stop();
      await old?.dispose().catch(() => undefined); // its worker may be dead
      // Of several that were asked for at once the last one counts.
      const isOver = () => this.#settings !== settings || this.#session !== undefined;
      if (isOver()) return;
      if (lackOf(settings) !== "") return;
      try {
        this.#executor ??= await open("one", "portable");
      } catch (error) {
        this.#view.problem(inWords(error));
        return;
      }
      if (isOver()) return;
      const session = new Session(this.#executor, settings, foreseen, () => this.#foreseenMade(session));
      this.#session = session;
      this.#stale = true;
    });
    this.#showSettings();
    return this.#renewing;
  }

  /** What a link changed shows in the form, and is what the visitor changes next. */
  #foreseenMade(session: Session): void {
    if (session !== this.#session) return;
    this.#settings = session.settings;
    this.#stale = true;
    this.#showSettings();
  }

  #reset(): void {
    this.#left = "";
    this.#wanted = false;
    void this.#renew({ ...this.#settings });
  }

  #clear(): void {
    this.#view.clear();
    this.#view.problem(this.#left);
    this.#surface.clear();
    this.#landscape?.clear();
    this.#trainCurve = new Curve(300);
    this.#testCurve = new Curve(300);
    this.#overfitting.clear();
    this.#showCurves();
    this.#past = undefined;
    this.#showTime();
    this.#phaseChanged(this.#run.phase);
    this.#view.state(this.#ready);
  }

  async #open({ steps, changes, ...settings }: Opened): Promise<void> {
    await this.#renew(settings, changes, steps);
    byId("go").focus();
    await this.#startIfWanted();
  }

  /** Trains what there is now where the network before it was in training. */
  async #startIfWanted(): Promise<void> {
    if (this.#wanted && this.#session?.step === 0 && this.#run.phase === "idle") await this.#start();
  }

  /** Settings as the visitor wants them: in flight where the weights can stay, else from new weights; it trains on if it did. */
  #changed(next: Settings): void {
    const before = this.#settings;
    if (sameNetwork(before, next) && Object.keys(difference(before, next)).length === 0) return; // such as the pace's
    this.#settings = next;
    this.#showSettings();
    if (this.#session !== undefined && sameNetwork(before, next) && lackOf(next) === "")
      this.#apply({ set: difference(before, next) });
    else void this.#again(next);
  }

  async #again(next: Settings): Promise<void> {
    this.#left = "";
    await this.#renew(next);
    this.#write(false);
    if (this.#settings === next) await this.#startIfWanted();
  }

  /** A change on the way. */
  #apply(change: Omit<Change, "step">): void {
    const session = this.#session;
    if (session === undefined) return;
    this.#until = 0;
    this.#foreseen = [];
    this.#travel(this.#moments.length); // what changes is now, and so it is shown
    if (session.step === 0 && this.#run.phase === "idle") this.#view.state(this.#ready);
    session
      .change(change)
      .then(() => {
        this.#stale = true;
        this.#measured = 0;
        this.#write(false);
      })
      .catch((error: unknown) => this.#failed(error));
  }

  #layers(by: number): void {
    const { hidden } = this.#settings;
    if (by > 0 && this.#graph.canAddLayer)
      this.#changed({ ...this.#settings, hidden: [...hidden, hidden.at(-1) ?? 4] });
    if (by < 0 && hidden.length > 0) this.#changed({ ...this.#settings, hidden: hidden.slice(0, -1) });
  }

  #points(points: Points): void {
    this.#changed({ ...this.#settings, data: "own", points });
  }

  #add(x: number, y: number): void {
    const { rows, classes } = this.#settings.data === "own" ? this.#settings.points : gridded(this.#settings);
    if (classes === 1) {
      this.#note("Points are added to sets of classes. Choose one, or clear the points.");
      return;
    }
    if (rows.length >= MOST_POINTS) {
      this.#note(`There are ${MOST_POINTS} points, and no room for more.`);
      return;
    }
    const label = Number(new FormData(byId("class-form", HTMLFormElement)).get("class"));
    this.#points({ rows: [...rows, [x, y, label]], classes: Math.max(classes, label + 1) });
  }

  /** The nearest point, if it is near. */
  #remove(x: number, y: number): void {
    const { rows, classes } = this.#settings.data === "own" ? this.#settings.points : gridded(this.#settings);
    const far = rows.map(([a, b]) => (a - x) ** 2 + (b - y) ** 2);
    const nearest = Math.min(...far);
    if (nearest >= 0.1) this.#note("No point is near there.");
    else this.#points({ rows: rows.filter((_, i) => i !== far.indexOf(nearest)), classes });
  }

  async #load(file: File): Promise<void> {
    this.#fileProblem("");
    try {
      const { points, words } = await pointsOfCsv(new Uint8Array(await file.arrayBuffer()));
      this.#points(points);
      say(byId("file-note"), `${file.name}: ${words}.`);
    } catch (error) {
      this.#fileProblem(`${file.name}: ${inWords(error)}`);
    }
  }

  /** Where files are opened, which is to be seen also by whoever dropped one elsewhere. */
  #fileProblem(text: string): void {
    const box = byId("file-problem");
    box.hidden = text === "";
    say(box, text);
    if (text !== "") box.scrollIntoView({ block: "nearest" });
  }

  #note(text: string): void {
    say(byId("data-note"), text);
  }

  #showSettings(): void {
    const settings = this.#settings;
    const outputs = outputsOf(settings);
    this.#form.show(settings);
    const samples = samplesOf(settings);
    const scale = scaleOf(settings);
    this.#surface.points(samples, outputs, scale?.labels ?? []);
    this.#showScale(scale);
    this.#note(countsInWords(samples));
    const key = JSON.stringify([settings.features, settings.hidden, outputs]);
    if (this.#shape !== key) {
      this.#shape = key;
      this.#graph.shape({ features: settings.features, hidden: settings.hidden, outputs });
      this.#editor.close();
      const widths = widthsOf(settings, outputs);
      const count = widths.slice(1).reduce((sum, width, i) => sum + width * (widths[i] + 1), 0);
      say(byId("size"), `${widths.join("-")}: ${count} numbers to learn`);
    }
    byId("class-form").hidden = outputs === 1;
    this.#showLack(lackOf(settings));
    byId("add-layer").ariaDisabled = String(!this.#graph.canAddLayer);
    byId("remove-layer").ariaDisabled = String(settings.hidden.length === 0);
  }

  /** What a file's numbers and labels became; nothing where the points are no file's. */
  #showScale(scale: Scale | undefined): void {
    if (scale === undefined) say(byId("file-note"), "");
    say(byId("scale-note"), scale === undefined ? "" : scaleInWords(scale));
    for (const [i, label] of byId("class-form").querySelectorAll<HTMLElement>("label span").entries())
      say(label, labelOf(scale, i));
  }

  /** Says what keeps it from training, and offers nothing then that needs a network. */
  #showLack(lack: string): void {
    this.#view.lack(lack);
    for (const id of ["show-code", "show-landscape"]) enable(byId(id), lack === "");
    if (lack === "") return;
    this.#tools.enable(false);
    this.#graph.clear();
    this.#flow.clear();
    this.#editor.close();
    byId("code-box").hidden = true;
    byId("show-code").ariaExpanded = "false";
    say(byId("tools-note"), "");
  }

  /** Asks for the pictures, one answer at a time, and draws them. */
  async #look(): Promise<void> {
    const session = this.#session;
    const moves = this.#run.phase === "running";
    if (session === undefined || this.#asking || !(moves || this.#stale)) return;
    this.#asking = true;
    this.#stale = false;
    try {
      const moment = this.#past;
      if (moment === undefined) {
        const { step, answer } = await session.live();
        if (session !== this.#session) return;
        this.#draw(step, answer, answer.weights);
      } else {
        const answer = await session.past(moment);
        if (session !== this.#session) return;
        this.#draw(moment.step, answer, moment.weights);
        const { train, test } = answer;
        const tested = test === undefined ? "" : `, ${short(test[0])} of the test points`;
        const words = `Loss there: ${short(train[0])} of all points to train on${tested}. The figures at the top, and what is saved, are of now.`;
        say(byId("time-note"), this.#past === undefined ? "" : words);
      }
      this.#measure(session);
    } catch {
      // The session is over, or its worker died, which the run tells of.
    } finally {
      this.#asking = false;
    }
  }

  #draw(step: number, { surface, neurons }: Answer, weights: Float32Array): void {
    const { outputs } = this.#session as Session;
    this.#surface.show(surface, outputs, step > 0);
    this.#graph.show(neurons, weights);
    this.#editor.show(weights);
    this.#tools.enable(true);
    this.#showTime();
  }

  /** A few times a second: losses of all rows, and the flow of gradients. */
  #measure(session: Session): void {
    const now = performance.now();
    if (this.#measuring || now - this.#measured < MEASURE_EVERY) return;
    this.#measuring = true;
    this.#measured = now;
    session
      .measures()
      .then(({ step, answer: { train, test, flow } }) => {
        if (session !== this.#session) return;
        this.#flow.show(flow);
        if (step > 0) this.#view.test(test?.[0]); // as the loss beside it
        if (step > this.#curveStep) {
          this.#curveStep = step;
          this.#trainCurve.add(step, train[0]);
          if (test) {
            this.#testCurve.add(step, test[0]);
            this.#view.note(this.#overfitting.add({ step, train: train[0], test: test[0] }));
          }
          this.#showCurves();
        }
      })
      .catch(() => undefined) // told by the run
      .finally(() => {
        this.#measuring = false;
      });
  }

  #showCurves(): void {
    if (this.#trainCurve.points().x.length === 0) this.#curveStep = 0;
    this.#chart?.show([this.#trainCurve.points(), this.#testCurve.points()]);
  }

  async #makeChart(): Promise<void> {
    if (this.#chart !== undefined) return;
    const { Chart } = await import("../shared/chart.ts");
    this.#chart ??= new Chart(byId("loss-chart"), {
      label: "Loss",
      xLabel: "Step",
      yLabel: "Loss",
      lines: [
        { name: "All points to train on", colour: "accent" },
        { name: "Test points", colour: "second" },
      ],
      format: (value) => value.toPrecision(2),
    });
    this.#showCurves();
  }

  /** Shows a moment of the past; from the last one on it is now. */
  #travel(moment: number): void {
    this.#past = moment >= this.#moments.length - 1 ? undefined : this.#moments[moment];
    this.#stale = true;
    this.#showTime();
  }

  #showTime(): void {
    const time = byId("time", HTMLInputElement);
    const last = Math.max(0, this.#moments.length - 1);
    if (Number(time.max) !== last) time.max = String(last);
    const moment = this.#past;
    // Moments that were thinned out meanwhile have moved the others.
    const place = moment === undefined ? last : this.#moments.findIndex(({ step }) => step >= moment.step);
    if (time.valueAsNumber !== place) time.value = String(place);
    time.disabled = last === 0;
    const text = moment === undefined ? "now" : `step ${moment.step.toLocaleString("en")}`;
    if (moment === undefined) say(byId("time-note"), "");
    say(byId("time-value"), text);
    time.ariaValueText = text;
  }

  async #showLandscape(): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    const note = byId("landscape-note");
    try {
      const { LandscapeView } = await import("./landscape.ts");
      const { weights } = (await session.live()).answer;
      const { moments } = session;
      const wanted = byId("directions", HTMLSelectElement).value;
      const plane =
        wanted === "path"
          ? pathPlane(weights, moments)
          : randomPlane(weights, widthsOf(session.settings, session.outputs), moments);
      if (plane === undefined) {
        say(note, noWay(moments.length));
        return;
      }
      const { losses } = await session.landscape(weights, plane.a, plane.b);
      this.#landscape ??= new LandscapeView();
      this.#landscape.show(losses, plane);
    } catch (error) {
      say(note, inWords(error));
    }
  }

  #reported(report: Report): void {
    if (this.#session !== undefined) this.#view.figures(report.step, report.loss);
  }

  #phaseChanged(phase: Phase): void {
    const step = this.#session?.step ?? 0;
    this.#view.phase(phase, step);
    if (phase === "running")
      this.#view.state("Training. Change anything: it goes on with the same weights where it can.");
  }

  #ended(finished: boolean): void {
    this.#stale = true;
    this.#measured = 0;
    if (finished) this.#wanted = false;
    const rest = this.#session === undefined ? this.#ready : "Paused.";
    this.#view.state(finished ? "Done: this is where the link ends. It can go on." : rest);
    this.#write(true);
  }

  #failed(error: unknown): void {
    this.#wanted = false;
    this.#view.problem(inWords(error));
    this.#view.state("Stopped.");
    if (!isEnd(error)) return;
    const ended = this.#session;
    this.#session = undefined;
    [this.#foreseen, this.#until] = [[], 0];
    this.#phaseChanged("idle");
    ended?.dispose().catch(() => undefined); // its worker may be dead
  }

  /** Makes the address say what this is; with the steps made, where whoever opens it shall come to the same. */
  #write(withSteps: boolean): void {
    this.#address.write(this.#told(withSteps));
  }

  #told(withSteps: boolean): Opened {
    const session = this.#session;
    if (session === undefined) return { ...this.#settings, steps: this.#until, changes: this.#foreseen };
    const paused = withSteps && this.#run.phase === "idle";
    const steps = paused ? session.step || this.#until : 0;
    return { ...session.first, steps, changes: session.changes };
  }

  /** What whoever opens the link finds. */
  #linkHolds(): string {
    if (!this.#hasPoints) return "Without points of yours, whoever opens it finds the spiral.";
    const { steps, changes } = this.#told(true);
    return foundBy(steps, changes, this.#run.phase !== "idle");
  }

  #code(): string {
    const session = this.#session;
    if (session === undefined) return codeOf({ first: this.#settings, changes: [], steps: 1000 }, sets);
    const steps = session.step || this.#until || 1000;
    return codeOf({ first: session.first, changes: session.changes.filter(({ step }) => step <= steps), steps }, sets);
  }

  #model() {
    const session = this.#session;
    if (session === undefined) return undefined;
    const { settings } = session;
    const scale = scaleOf(settings);
    return {
      name: "playground",
      weights: () => session.weights(),
      onnx: async () => (await import("./onnx.ts")).onnxOf(session),
      takes: scale && takenInWords(scale, session.outputs),
      metadata: weightsMetadata(settings),
    };
  }
}

const paces = [
  ["0", "Full speed"],
  ["100", "100 a frame"],
  ["10", "10 a frame"],
  ["1", "1 a frame"],
] as const;

/** Who chooses own points and has none begins with those there are. */
function withPoints(chosen: Settings, before: Settings): Settings {
  if (chosen.data !== "own" || before.data === "own" || chosen.points.rows.length > 0) return chosen;
  return { ...chosen, points: gridded(before) };
}

/** A set's points as the visitor's own. */
function gridded(settings: Settings): Points {
  const { train, test } = samplesOf(settings);
  const outputs = outputsOf(settings);
  const rows = [train, test].flatMap(({ x, y }) => x.map(([a, b], i): Sample => [onGrid(a), onGrid(b), y[i]]));
  if (outputs > 1) return { rows, classes: outputs };
  return { rows: rows.map(([x, y, value]) => [x, y, onGrid(value)]), classes: 1 };
}
