// What the network is right and wrong about, and what its first layer looks for: drawn again from time to time while it trains.
import type { NumericArray } from "simdgrad/data";
import { byId, make } from "../shared/dom.ts";
import { onTheme } from "../shared/theme.ts";
import { type DigitSet, imageOf, PIXELS } from "./data.ts";
import { paintDigit, paintWeights, palette } from "./images.ts";
import { type Architecture, aDigit, CLASSES } from "./model.ts";
import { argmaxRows, confusion, type Mistake, worstMistakes } from "./probabilities.ts";
import type { Session } from "./session.ts";
import { Filters } from "./tiles.ts";

const LEAST = 1000; // ms from one look to the next
const MOST = 3000; // ms: what is shown is never older, unless looks take longer themselves: then half the time is theirs
const SHARE = 20; // of the time is not spent on looks
const MISTAKES = 18; // three rows of six, or on a phone four of four
const UNITS = 48;

/** Looks at sessions. */
export class Insight {
  readonly #filters = new Filters();
  /** Whose network is shown. */
  #session: Session | undefined;
  #looking: Promise<void> | undefined;
  #due = 0;
  #last:
    | {
        readonly test: DigitSet;
        readonly probabilities: Float32Array;
        readonly weights: NumericArray;
        readonly when: string;
      }
    | undefined;

  constructor() {
    onTheme(() => this.#draw());
  }

  /** Looks if the last look was long enough ago, and tells what share it reads right; errors are those of whoever trains. */
  glance(session: Session, test: DigitSet, step: number, onAccuracy: (share: number) => void): void {
    if (this.#looking === undefined && performance.now() >= this.#due && !document.hidden)
      this.look(session, test, ` around step ${step.toLocaleString("en")}`).then(onAccuracy, () => undefined);
  }

  /** Looks now, after a look that is under way; `when` says so. @returns the share of the test digits that it reads right */
  async look(session: Session, test: DigitSet, when = ""): Promise<number> {
    this.#session = session;
    await this.#looking?.catch(() => undefined);
    const looking = this.#see(session, test, when);
    this.#looking = looking
      .catch(() => undefined)
      .then(() => {
        this.#looking = undefined;
      });
    return looking;
  }

  clear(): void {
    this.#session = undefined;
    this.#last = undefined;
    for (const id of ["confusion", "mistakes", "weights"])
      byId(id).replaceChildren(make("p", { className: "empty" }, "Appears once the network trains."));
    this.#filters.clear();
  }

  /** Shows the card of the network that is chosen: weights of units that see the whole digit, or filters. */
  offer(kind: Architecture["kind"]): void {
    byId("weights-card").hidden = kind !== "dense";
    byId("filters-card").hidden = kind !== "convolutional";
  }

  async #see(session: Session, test: DigitSet, when: string): Promise<number> {
    const begun = performance.now();
    const probabilities = await session.probabilities(test.x.data);
    const weights = (await session.weights())["0.weight"];
    const said = argmaxRows(probabilities, CLASSES);
    const accuracy = said.filter((digit, row) => digit === test.y.data[row]).length / test.rows;
    if (session !== this.#session) return accuracy; // it is over
    const now = performance.now();
    const took = now - begun;
    this.#due = now + Math.max(took, Math.min(MOST, Math.max(LEAST, SHARE * took)));
    this.#last = { test, probabilities, weights, when };
    this.#draw();
    return accuracy;
  }

  #draw(): void {
    if (this.#last === undefined) return;
    const { test, probabilities, weights, when } = this.#last;
    const said = argmaxRows(probabilities, CLASSES);
    drawConfusion(confusion(test.y.data, said, CLASSES), test.rows, when);
    drawMistakes(test, worstMistakes(probabilities, test.y.data, CLASSES, MISTAKES));
    if (weights.shape.length === 4) this.#filters.draw(weights.data as Float32Array);
    else drawWeights(weights.data.subarray(0, UNITS * PIXELS) as Float32Array);
  }
}

function drawConfusion(counts: readonly (readonly number[])[], rows: number, when: string): void {
  const place = byId("confusion");
  if (place.querySelector("table") === null) place.replaceChildren(confusionTable());
  const right = counts.reduce((sum, row, digit) => sum + row[digit], 0);
  const cells = place.querySelectorAll("td");
  counts.forEach((row, truth) => {
    const total = row.reduce((a, b) => a + b, 0);
    row.forEach((count, digit) => {
      const cell = cells[truth * CLASSES + digit];
      const text = String(count);
      if (cell.textContent === text) return;
      cell.textContent = text;
      cell.style.setProperty("--share", String(shade(count / total, truth === digit)));
      cell.dataset.kind = count === 0 ? "none" : truth === digit ? "right" : "wrong";
    });
  });
  const caption = place.querySelector("caption");
  if (caption)
    caption.textContent = `${right.toLocaleString("en")} of ${rows.toLocaleString("en")} test digits read right${when}`;
}

/** How much colour, in percent: few mistakes are many here. */
function shade(share: number, right: boolean): number {
  return Math.round(right ? 8 + 40 * share : 8 + 40 * Math.min(1, 8 * share));
}

function confusionTable(): HTMLElement {
  const digits = Array.from({ length: CLASSES }, (_, i) => String(i));
  const head = digits.map((digit) => make("th", { scope: "col" }, digit));
  const corner = make(
    "th",
    { scope: "col", className: "corner" },
    make("span", { className: "visually-hidden" }, "is, said to be"),
  );
  const body = digits.map((digit) =>
    make("tr", {}, make("th", { scope: "row" }, digit), ...digits.map(() => make("td"))),
  );
  const table = make("table", { className: "confusion" }, make("caption"));
  table.append(make("thead", {}, make("tr", {}, corner, ...head)), make("tbody", {}, ...body));
  const hint = make("p", { className: "hint" }, "Rows: what it is. Columns: what the network says.");
  return make("div", {}, table, hint);
}

function drawMistakes(test: DigitSet, mistakes: readonly Mistake[]): void {
  const colours = palette();
  const figures = mistakes.map(({ row, truth, said, certainty }) => {
    const canvas = make("canvas", {
      width: 28,
      height: 28,
      role: "img",
      ariaLabel: `It takes ${aDigit(truth)} for ${aDigit(said)}`,
    });
    paintDigit(canvas, imageOf(test, row), colours);
    const percent = `${(100 * certainty).toFixed(0)} %`;
    const caption = make("span", { ariaHidden: "true" }, `${truth} → ${said} `, make("small", {}, percent));
    return make("li", {}, canvas, caption);
  });
  const nothing = make("p", { className: "empty" }, "None: every test digit is read right.");
  byId("mistakes").replaceChildren(
    ...(figures.length === 0
      ? [nothing]
      : [
          make("p", { className: "hint" }, "What it is → what the network says, and how certain it is."),
          make("ul", { className: "mistakes" }, ...figures),
        ]),
  );
}

function drawWeights(weights: Float32Array): void {
  const place = byId("weights");
  let canvas = place.querySelector("canvas");
  const units = weights.length / PIXELS;
  if (canvas === null) {
    canvas = make("canvas", { className: "weights", role: "img" });
    place.replaceChildren(make("p", { className: "hint" }), canvas);
  }
  canvas.ariaLabel = `Weights of ${units} units of the first layer, as images`;
  const columns = place.clientWidth < 480 ? 8 : Math.min(16, units);
  paintWeights(canvas, weights, columns, palette());
  const hint = place.querySelector("p");
  if (hint)
    hint.textContent = `${units} units. Blue: ink here speaks for the unit; orange: against it. Each from its own strongest weight.`;
}
