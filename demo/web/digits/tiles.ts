// Pictures side by side, one a filter of the first layer: the filters, and what they find in the digit on the pad.
import { byId, make, say } from "../shared/dom.ts";
import { onTheme } from "../shared/theme.ts";
import { paintSquares, palette } from "./images.ts";
import { FILTER_SIDE, FILTERS } from "./model.ts";

const [COUNT] = FILTERS;
const nothing = new Float32Array(COUNT * 28 * 28);

/** Pictures of numbers [8, side, side], one image to those who do not see it. */
class Tiles {
  readonly #canvases = Array.from({ length: COUNT }, () => make("canvas", { width: 1, height: 1 }));

  constructor(place: HTMLElement, label: string) {
    place.append(make("div", { className: "tiles", role: "img", ariaLabel: label }, ...this.#canvases));
  }

  /** In full colour is the strongest number of each picture, or of them all. */
  draw(values: Float32Array, full: "each" | "all"): void {
    paintSquares(this.#canvases, values, full, palette());
  }
}

/** The filters' weights. */
export class Filters {
  readonly #tiles = new Tiles(byId("filters"), "Filters of the first layer, as images");

  constructor() {
    this.clear();
  }

  clear(): void {
    this.#tiles.draw(new Float32Array(COUNT * FILTER_SIDE * FILTER_SIDE), "each");
  }

  /** Shows weights [8, 1, 5, 5]. */
  draw(weights: Float32Array): void {
    this.#tiles.draw(weights, "each");
  }
}

/** Where the filters find what they look for. */
export class Maps {
  readonly #tiles = new Tiles(byId("maps"), "How strongly each filter answers in each place of the digit on the pad");
  #maps: Float32Array | undefined;

  constructor() {
    onTheme(() => this.#draw());
    this.#draw();
  }

  /** Shows maps [8, 28, 28]; undefined where nothing is drawn. */
  show(maps: Float32Array | undefined): void {
    if (maps === this.#maps) return; // dense networks have none, answer after answer
    this.#maps = maps;
    this.#draw();
  }

  #draw(): void {
    const text =
      this.#maps === undefined
        ? "Draw a digit to see where each finds what it looks for."
        : "Where each finds it in the digit on the pad; the strongest answer of all is in full colour.";
    say(byId("maps-hint"), text);
    this.#tiles.draw(this.#maps ?? nothing, "all");
  }
}
