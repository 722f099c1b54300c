// What each character of a text looks at: as a matrix, and as colours over the text, of the character that is chosen.
import { byId, drawing, fillSelect, make, say } from "../shared/dom.ts";
import { channels, onTheme } from "../shared/theme.ts";
import { HEADS, LENGTH } from "./model.ts";
import type { Looks } from "./session.ts";

export class LooksView {
  readonly #map = byId("looks-map", HTMLCanvasElement);
  readonly #text = byId("looks-text");
  readonly #at = byId("looks-at", HTMLInputElement);
  readonly #layer = byId("looks-layer", HTMLSelectElement);
  readonly #head = byId("looks-head", HTMLSelectElement);
  #looks: Looks | undefined;

  constructor() {
    const heads = Array.from({ length: HEADS }, (_, i) => [String(i), `head ${i + 1}`] as const);
    fillSelect(this.#head, heads, "0");
    this.layers(2);
    for (const each of [this.#at, this.#layer, this.#head]) each.addEventListener("input", () => this.#draw());
    this.#map.addEventListener("pointermove", ({ offsetY }) =>
      this.#choose(Math.floor((offsetY / this.#map.clientHeight) * LENGTH)),
    );
    const over = ({ target }: Event) => {
      const place = target instanceof HTMLElement ? target.dataset.place : undefined;
      if (place !== undefined) this.#choose(Number(place));
    };
    this.#text.addEventListener("pointerover", over);
    this.#text.addEventListener("pointerdown", over);
    onTheme(() => this.#draw());
  }

  /** A network of so many layers; 0: one that does not look back. */
  layers(count: number): void {
    byId("looks").hidden = count === 0;
    const options = Array.from({ length: count }, (_, i) => [String(i), `layer ${i + 1}`] as const);
    fillSelect(this.#layer, options, String(Math.max(0, count - 1)));
    say(
      byId("looks-hint"),
      count === 0
        ? "An LSTM does not look back: it carries along what it remembers. A GPT has this picture."
        : "To choose the next character, the network looks back at those before it. Each of its heads looks for something else. Choose a character: the stronger the colour, the more it is looked at.",
    );
    this.show(undefined);
  }

  show(looks: Looks | undefined): void {
    this.#looks = looks;
    const characters = looks === undefined ? [] : [...looks.text];
    this.#text.replaceChildren(
      ...characters.map((character, i) => {
        const span = make("span", {}, character === "\n" ? "¶" : character);
        span.dataset.place = String(i);
        return span;
      }),
    );
    this.#draw();
  }

  #choose(place: number): void {
    const last = (this.#looks === undefined ? LENGTH : [...this.#looks.text].length) - 1;
    this.#at.value = String(Math.min(Math.max(place, 0), last));
    this.#draw();
  }

  #draw(): void {
    const context = drawing(this.#map);
    context.clearRect(0, 0, LENGTH, LENGTH);
    const looks = this.#looks;
    if (looks === undefined) {
      say(byId("looks-said"), "Appears with the first lines that it writes.");
      return;
    }
    const characters = [...looks.text];
    const from = Math.min(Number(this.#at.value), characters.length - 1);
    const layer = looks.layers[Number(this.#layer.value)] ?? looks.layers[0];
    const start = Number(this.#head.value) * LENGTH * LENGTH;
    const row = (place: number) => layer.subarray(start + place * LENGTH, start + (place + 1) * LENGTH);
    const [r, g, b] = channels("accent");
    const image = context.createImageData(LENGTH, LENGTH);
    characters.forEach((_, y) => {
      const most = Math.max(...row(y));
      row(y).forEach((share, x) => {
        const chosen = y === from ? 40 : 0;
        image.data.set([r, g, b, Math.max(chosen, (255 * share) / most)], 4 * (y * LENGTH + x));
      });
    });
    context.putImageData(image, 0, 0);
    const shares = row(from);
    const most = Math.max(...shares);
    for (const [i, span] of [...this.#text.children].entries()) {
      if (!(span instanceof HTMLElement)) continue;
      span.classList.toggle("from", i === from);
      span.style.backgroundColor = i <= from ? `rgb(${r} ${g} ${b} / ${((0.6 * shares[i]) / most).toFixed(2)})` : "";
    }
    const best = shares.indexOf(most);
    const named = (place: number) => {
      const character = characters[place];
      return character === " " ? "The space" : character === "\n" ? "The line’s end" : `“${character}”`;
    };
    const back = from - best;
    say(
      byId("looks-said"),
      `${named(from)} looks most at ${back === 0 ? "itself" : `${named(best).replace("The", "the")}, ${back} back`}: ${(100 * most).toFixed(0)} %.`,
    );
  }
}
