// The page of back-propagation: a network, the moment that is shown of it, and what shows it.
import type { Executor } from "simdgrad";
import { Address } from "../shared/address.ts";
import { byId, enable, fillSelect, onPress, say, sayNumber } from "../shared/dom.ts";
import { open } from "../shared/places.ts";
import { inWords, isEnd } from "../shared/problems.ts";
import { onFirstSign } from "../shared/signs.ts";
import { type Metadata, startTools, type Tools } from "../shared/tools.ts";
import { ChainView } from "./chain-view.ts";
import { codeOf } from "./code.ts";
import { Drawing } from "./drawing.ts";
import { explain } from "./explain.ts";
import { fields, type State, setupOf } from "./fields.ts";
import { four } from "./format.ts";
import { beginningOf } from "./graph.ts";
import { arrowKeys } from "./keys.ts";
import { followedWeight, momentAt, momentsEach } from "./moments.ts";
import { allWeights, type Setup, sameWeight, type Weight } from "./network.ts";
import { Player } from "./player.ts";
import { MOST_UPDATES, Session } from "./session.ts";
import { SettingsForm } from "./settings.ts";
import { type Speed, speeds } from "./speeds.ts";

export class BackPropagationPage {
  readonly #address = new Address(fields);
  #state: State = this.#address.read();
  readonly #drawing = new Drawing(byId("graph"), (weight, isChosen) => this.#look(weight, isChosen));
  readonly #chain = new ChainView((index) => this.#choose(index));
  readonly #player = new Player(
    () => this.#move(),
    () => speeds[this.#state.speed].pause,
    () => this.#show(),
  );
  readonly #slider = byId("time", HTMLInputElement);
  readonly #tools: Tools;
  #executor: Promise<Executor> | undefined;
  #session: Session | undefined;
  /** Moments from the start to the one that is shown, and to the latest that was. */
  #position = 0;
  #latest = 0;
  /** The weight that a visitor chose; undefined: the one that the pass has come to. */
  #chosen: number | undefined;
  /** One that the pointer passes over, until the next moment. */
  #passed: number | undefined;
  /** Orders come one after the other. */
  #order: Promise<void> = Promise.resolve();

  constructor() {
    new SettingsForm(this.#state, (state) => {
      const { speed, chapter } = this.#state;
      this.#change({ ...state, speed, chapter });
    });
    const options = Object.entries(speeds).map(([key, { name }]) => [key, name] as const);
    const speed = byId("speed", HTMLSelectElement);
    fillSelect(speed, options, this.#state.speed);
    speed.addEventListener("change", () => {
      this.#state = { ...this.#state, speed: speed.value as Speed };
      this.#address.write(this.#state);
    });
    onPress(byId("go"), () => (this.#player.playing ? this.#player.stop() : this.#player.play()));
    onPress(byId("back"), () => this.#stepBy(-1));
    onPress(byId("forward"), () => this.#stepBy(1));
    onPress(byId("reset"), () => this.#restart());
    this.#slider.addEventListener("input", () => {
      this.#player.stop();
      const position = Number(this.#slider.value) * this.#each;
      this.#goTo(() => position);
    });
    arrowKeys(
      (moments) => this.#stepBy(moments),
      (weights) => this.#turn(weights),
    );
    this.#tools = startTools({
      code: () => codeOf(this.#setup, Math.max(1, this.#made)),
      address: () => this.#address.write({ ...this.#state, steps: this.#player.playing ? 0 : this.#made }),
      link: () => this.#link(),
      model: () => this.#model(),
    });
  }

  /** Shows the network as it begins; the worker that computes the rest comes with the visitor's first sign of life. */
  async begin(): Promise<void> {
    this.#show();
    onFirstSign(() => this.#queue(() => this.#renew()));
    const { Lessons } = await import("./lessons.ts");
    const lessons = new Lessons(
      { executor: () => this.#opened(), fail: (error) => this.#problem(inWords(error)) },
      (chapter) => {
        this.#state = { ...this.#state, chapter };
        this.#address.write(this.#state);
      },
    );
    await lessons.open(this.#state.chapter);
  }

  /** One executor for the network and the chapters; where it could not be opened, the next one who asks tries again. */
  #opened(): Promise<Executor> {
    this.#executor ??= open("one", "portable").catch((error: unknown) => {
      this.#executor = undefined;
      throw error;
    });
    return this.#executor;
  }

  get #setup(): Setup {
    return this.#session?.setup ?? setupOf(this.#state);
  }

  get #each(): number {
    return momentsEach(this.#setup);
  }

  /** Updates that were made before the moment that is shown. */
  get #made(): number {
    return Math.floor(this.#position / this.#each);
  }

  #change(state: State): void {
    this.#state = { ...state, steps: 0 };
    this.#address.write(this.#state);
    this.#restart();
  }

  #restart(): void {
    this.#player.stop();
    this.#queue(async () => {
      const old = this.#session;
      this.#session = undefined;
      await old?.dispose();
      this.#position = 0;
      this.#latest = 0;
      this.#chosen = undefined;
      this.#problem("");
      await this.#renew();
    });
  }

  /** The session there is, or a new one. */
  async #renew(): Promise<Session> {
    if (this.#session !== undefined) return this.#session;
    const session = await Session.create(setupOf(this.#state), await this.#opened());
    // One in the place of another that was lost makes its updates again.
    await session.reach(this.#made);
    this.#session = session;
    this.#tools.enable(true);
    this.#show();
    return session;
  }

  #queue(action: () => Promise<unknown>): void {
    this.#order = this.#order
      .then(async () => void (await action()))
      .catch((error: unknown) => {
        this.#player.stop();
        this.#problem(inWords(error));
        if (!isEnd(error)) return;
        // Reset begins anew, on another executor.
        this.#session = undefined;
        this.#executor = undefined;
        enable(byId("reset"), true);
      });
  }

  /** The next move of the player; false where it was the last. */
  async #move(): Promise<boolean> {
    const to = speeds[this.#state.speed].whole ? (this.#made + 1) * this.#each : this.#position + 1;
    const from = this.#position;
    this.#goTo(() => to);
    await this.#order;
    const isEnd = this.#position % this.#each === 0 && this.#made === this.#state.steps;
    return this.#position !== from && !isEnd;
  }

  #stepBy(moments: number): void {
    this.#player.stop();
    this.#goTo(() => this.#position + moments);
  }

  /** Shows another moment, as far as there is one: that of its turn, since orders before it may not be done yet. */
  #goTo(to: () => number): void {
    this.#queue(async () => {
      const position = to();
      if (position < 0) return;
      const session = await this.#renew();
      const made = Math.floor(position / this.#each);
      if (made >= MOST_UPDATES) {
        this.#player.stop();
        this.#problem(
          `The page keeps ${MOST_UPDATES.toLocaleString("en")} updates, and these are all made. Reset begins anew.`,
        );
        return;
      }
      await session.reach(made);
      if (!Number.isFinite(session.update(made).loss)) {
        this.#player.stop();
        this.#problem(
          `In update ${(made + 1).toLocaleString("en")} the loss grew beyond all numbers. Go back to see how, or choose a lower learning rate.`,
        );
        return;
      }
      this.#problem("");
      this.#position = position;
      this.#passed = undefined;
      this.#latest = Math.max(this.#latest, position);
      this.#show();
    });
  }

  #show(): void {
    const session = this.#session;
    const setup = this.#setup;
    const moment = momentAt(setup, this.#position);
    this.#showControls(moment.made);
    if (session === undefined && this.#position > 0) return; // its worker died, and what was shown stays
    const update = session?.update(moment.made) ?? beginningOf(setup);
    const next = session?.update(moment.made + 1) ?? update;
    const before = moment.made === 0 ? undefined : session?.update(moment.made - 1);
    const scene = { setup, moment, update, before, weight: allWeights(setup)[this.#weight] };
    this.#drawing.show(scene);
    this.#chain.show(scene, next, this.#chosen === undefined && this.#passed === undefined);
    const isQuick = this.#player.playing && this.#state.speed !== "phase";
    const { title, text } = explain(setup, moment, update, before);
    // Read aloud at its pace alone.
    byId("moment").ariaLive = isQuick ? "off" : "polite";
    say(byId("moment-title"), title);
    say(byId("moment-text"), text);
    say(byId("figure-step"), moment.made.toLocaleString("en"));
    say(byId("figure-after"), before === undefined ? "–" : four(update.loss));
    if (before === undefined) {
      say(byId("figure-loss"), "–");
      delete byId("figure-loss").dataset.exact;
    } else sayNumber(byId("figure-loss"), before.loss, four(before.loss));
  }

  #showControls(made: number): void {
    const { playing } = this.#player;
    say(byId("go"), playing ? "Pause" : "Play");
    enable(byId("back"), this.#position > 0);
    enable(byId("reset"), this.#latest > 0);
    this.#slider.max = String(Math.floor(this.#latest / this.#each));
    this.#slider.value = String(made);
    this.#slider.ariaValueText = `${made.toLocaleString("en")} updates made`;
  }

  /** The number of the weight that is unrolled. */
  get #weight(): number {
    const setup = this.#setup;
    const followed = followedWeight(setup, momentAt(setup, this.#position));
    return this.#passed ?? this.#chosen ?? allWeights(setup).findIndex((each) => sameWeight(each, followed));
  }

  /** Unrolls a weight that a visitor looks at; one that was chosen stays. */
  #look(weight: Weight | undefined, isChosen: boolean): void {
    const index = weight && allWeights(this.#setup).findIndex((each) => sameWeight(each, weight));
    if (isChosen) this.#choose(index);
    else if (index !== this.#passed) {
      this.#passed = index;
      this.#show();
    }
  }

  #choose(index: number | undefined): void {
    if (index !== undefined && index === this.#chosen && this.#passed === undefined) return;
    this.#passed = undefined;
    this.#chosen = index;
    this.#show();
  }

  /** To the next weight, or the one before. */
  #turn(by: number): void {
    const all = allWeights(this.#setup);
    const index = (this.#weight + by + all.length) % all.length;
    this.#choose(index);
    this.#drawing.focus(all[index]);
  }

  #problem(text: string): void {
    const place = byId("problem");
    say(place, text);
    place.hidden = text === "";
  }

  /** A link leads to the beginning: the updates are made again by whoever opens it. */
  #link(): string | undefined {
    if (this.#position === 0) return undefined;
    const start = "Whoever opens it finds this network before its first update";
    const made = this.#player.playing ? 0 : this.#made;
    if (made === 0) return `${start}.`;
    return `${start}: Play makes ${made === 1 ? "the one" : `the ${made.toLocaleString("en")}`} that you see here, and stops.`;
  }

  #model() {
    const session = this.#session;
    if (session === undefined) return undefined;
    const made = this.#made;
    return {
      name: `network-${session.setup.sizes.join("-")}`,
      weights: async () => session.weights(made),
      onnx: (metadata: Metadata) => session.onnx(made, metadata),
      metadata: { input: "the network's inputs", output: "its outputs", updates: String(made) },
    };
  }
}
