// The same training in every place, one after the other: how many digits each learns from in a second.
import { byId, make, say } from "../shared/dom.ts";
import { type Place, places } from "../shared/places.ts";
import type { Digits } from "./data.ts";
import { Session } from "./session.ts";
import type { Settings } from "./settings.ts";

const WARM = 200; // ms that are not counted
const LASTS = 1000; // ms that are
const three = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

export class Race {
  readonly #rows = new Map<Place, { readonly bar: HTMLElement; readonly text: HTMLElement }>();

  constructor() {
    const items = places.map(({ place, name }) => {
      const bar = make("i");
      const text = make("span", { className: "race-rate" }, "–");
      this.#rows.set(place, { bar, text });
      const track = make("span", { className: "track", ariaHidden: "true" }, bar);
      return make("li", {}, make("span", {}, name), track, text);
    });
    byId("race").replaceChildren(...items);
  }

  /** Has all places train with these settings; nothing else should train meanwhile. */
  async run(settings: Settings, digits: Digits): Promise<void> {
    const rates = new Map<Place, number>();
    for (const { text } of this.#rows.values()) say(text, "–");
    this.#draw(rates);
    for (const { place, name } of places) {
      const text = this.#rows.get(place)?.text;
      if (text) say(text, "…");
      say(byId("race-note"), `Training: ${name}.`);
      rates.set(place, await rateOf({ ...settings, place }, digits));
      this.#draw(rates);
    }
    const [fastest, slowest] = [Math.max(...rates.values()), Math.min(...rates.values())];
    say(byId("race-note"), `Done. The fastest is ${three.format(fastest / slowest)} times as fast as the slowest.`);
  }

  #draw(rates: ReadonlyMap<Place, number>): void {
    const most = Math.max(0, ...rates.values());
    for (const [place, { bar, text }] of this.#rows) {
      const rate = rates.get(place);
      bar.style.transform = `scaleX(${rate === undefined ? 0 : (rate / most).toFixed(3)})`;
      if (rate !== undefined) say(text, `${three.format(rate)} / s`);
    }
  }
}

/** Digits a second in one place, once it is warm. */
async function rateOf(settings: Settings, { train, test }: Digits): Promise<number> {
  const session = await Session.create(settings);
  try {
    await session.bring(train);
    let [from, samples, rate] = [0, 0, 0];
    let begun: { readonly seconds: number; readonly step: number } | undefined;
    for await (const { step, seconds } of session.fit({ test, steps: 1e6, onEpoch: () => undefined })) {
      const now = performance.now();
      if (from === 0) from = now;
      if (begun === undefined && now - from < WARM) continue;
      begun ??= { seconds, step };
      samples = (step - begun.step) * settings.batch;
      if (seconds > begun.seconds) rate = samples / (seconds - begun.seconds);
      if (now - from > WARM + LASTS && rate > 0) break;
    }
    return rate;
  } finally {
    await session.dispose();
  }
}
