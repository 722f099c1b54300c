// The form of the settings: what is chosen, and what that means in words.
import { byId, fillSelect, say } from "../shared/dom.ts";
import { onSettled, type SettledListeners } from "../shared/settled.ts";
import { bounds, type Settings, type WayName, ways, worthInWords } from "./settings.ts";

const units = { length: "m", gravity: "m/s²", force: "N" } as const;
const sliders = ["length", "gravity", "force"] as const;

export class SettingsForm {
  readonly #form = byId("settings", HTMLFormElement);

  constructor(settings: Settings, listeners: SettledListeners) {
    fillSelect(
      this.#field("way") as unknown as HTMLSelectElement,
      Object.entries(ways).map(([way, { name }]) => [way, name]),
      settings.way,
    );
    for (const name of sliders) {
      const [min, max, step] = bounds[name].map(String);
      Object.assign(this.#field(name), { min, max, step, value: String(settings[name]) });
    }
    this.#field("seed").value = String(settings.seed);
    this.#describe();
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#form.addEventListener("input", () => this.#describe());
    onSettled(this.#form, {
      ...listeners,
      settled: () => {
        this.#field("seed").value = String(this.read().seed);
        listeners.settled();
      },
    });
  }

  /** All of it; a seed that is none becomes the nearest one. */
  read(): Settings {
    const value = (name: string) => Number(this.#field(name).value);
    const seed = Math.floor(value("seed"));
    return {
      way: this.#field("way").value as WayName,
      length: value("length"),
      gravity: value("gravity"),
      force: value("force"),
      seed: Number.isFinite(seed) ? Math.max(0, Math.min(2 ** 32 - 1, seed)) : 0,
    };
  }

  #describe(): void {
    const settings = this.read();
    say(byId("way-about"), ways[settings.way].about);
    say(byId("worth-about"), worthInWords(settings.way));
    for (const name of sliders) {
      const text = `${settings[name].toFixed(1)} ${units[name]}`;
      say(byId(`${name}-value`), text);
      this.#field(name).ariaValueText = text;
    }
  }

  #field(name: string): HTMLInputElement {
    return this.#form.elements.namedItem(name) as HTMLInputElement;
  }
}
