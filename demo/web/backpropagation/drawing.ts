// The network as a picture of lines and boxes with their numbers: a weight on its line, its gradient beneath, and after an update the weight
// that was above. Each weight is a button: pressed, focused or pointed at, it is unrolled.
import { brief, four } from "./format.ts";
import type { Update } from "./graph.ts";
import { type Layout, LINE, type Line, layoutOf, type Point, TAB } from "./layout.ts";
import type { Moment } from "./moments.ts";
import { depth, type Setup, sameWeight, targetName, unitName, type Weight, weightName } from "./network.ts";
import { change, svg, write } from "./svg.ts";

/** What is to be seen. */
export interface Scene {
  readonly setup: Setup;
  readonly moment: Moment;
  readonly update: Update;
  /** The update before it; undefined at the start. */
  readonly before: Update | undefined;
  /** The weight that is unrolled. */
  readonly weight: Weight;
}

interface LineParts {
  readonly line: Line;
  readonly group: SVGGElement;
  readonly stroke: SVGLineElement;
  readonly ring: SVGRectElement;
  readonly old: SVGTextElement;
  readonly label: SVGTextElement;
  readonly gradient: SVGTextElement;
}

/** Told of the weight that a visitor looks at, undefined where the pointer has left, and whether it was chosen: a pointer only passes by. */
type OnWeight = (weight: Weight | undefined, isChosen: boolean) => void;

interface UnitParts {
  readonly group: SVGGElement;
  readonly value: SVGTextElement;
  readonly below: SVGTextElement;
}

export class Drawing {
  readonly #place: HTMLElement;
  readonly #onWeight: OnWeight;
  #scene: Scene | undefined;
  #lines: readonly LineParts[] = [];
  #units: readonly (readonly UnitParts[])[] = [];
  #loss: UnitParts | undefined;
  /** Significant digits that there is room for. */
  #digits = 4;
  /** What the present picture was made for. */
  #shape = "";

  constructor(place: HTMLElement, onWeight: OnWeight) {
    this.#place = place;
    this.#onWeight = onWeight;
    place.addEventListener("pointerleave", () => onWeight(undefined, false));
    new ResizeObserver(() => {
      if (this.#scene !== undefined) this.show(this.#scene);
    }).observe(place);
  }

  show(scene: Scene): void {
    this.#scene = scene;
    const { clientWidth } = this.#place;
    const least = Number.parseFloat(getComputedStyle(this.#place).minHeight);
    const { sizes, bias, targets } = scene.setup;
    const shape = JSON.stringify([sizes, bias, targets, clientWidth, least]);
    if (shape !== this.#shape) this.#build(scene.setup, layoutOf(scene.setup, clientWidth, least));
    this.#shape = shape;
    for (const parts of this.#lines) this.#showLine(parts, scene);
    this.#units.forEach((units, layer) => {
      units.forEach((parts, unit) => {
        this.#showUnit(parts, layer, unit, scene);
      });
    });
    this.#showLoss(scene);
  }

  /** Gives the focus to the line of a weight. */
  focus(weight: Weight): void {
    this.#lines.find(({ line }) => sameWeight(line.weight, weight))?.group.focus();
  }

  #build(setup: Setup, layout: Layout): void {
    const { width, height, units, lines, loss, font, digits } = layout;
    this.#digits = digits;
    this.#lines = lines.map((line) => lineOf(line, layout, this.#onWeight));
    this.#units = units.map((layer, at) =>
      layer.map((point, unit) => {
        const parts = boxOf(point, layout, unitName(setup, at, unit), "unit");
        // The keyboard has the lines, and the list of weights.
        if (at > 0) parts.group.addEventListener("click", () => this.#onWeight({ layer: at, from: 0, to: unit }, true));
        return parts;
      }),
    );
    this.#loss = boxOf(loss, layout, "loss L", "unit loss");
    const outputs = units[units.length - 1].map((from) =>
      svg("line", { x1: from.x, y1: from.y, x2: loss.x, y2: loss.y, class: "wire" }),
    );
    const targets = setup.targets.map((target, unit) =>
      svg(
        "text",
        { ...layout.targets[unit], class: "target halo" },
        `${targetName(setup, unit)} = ${brief(target, digits)}`,
      ),
    );
    const headings = layout.headings.map(({ place, isAbove }, at) =>
      svg("text", { ...place, class: isAbove ? "heading above halo" : "heading" }, heading(setup, at)),
    );
    const picture = svg(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, width, height, role: "group", "aria-label": "The network: its weights" },
      ...outputs,
      ...this.#lines.map(({ group }) => group),
      ...this.#units.flat().map(({ group }) => group),
      this.#loss.group,
      // Numbers stand above all lines.
      svg("g", { class: "labels", "aria-hidden": "true" }, ...this.#lines.flatMap(numbersOf)),
      ...targets,
      ...headings,
    );
    picture.style.fontSize = `${font}px`;
    this.#place.replaceChildren(picture);
  }

  #showLine(parts: LineParts, { setup, moment, update, before, weight: chosen }: Scene): void {
    const { line, group, stroke, ring, old, label, gradient } = parts;
    const { weight, isCrowded } = line;
    const { layer, from, to } = weight;
    const [value, slope] = numbersAt(setup, update, weight);
    // After an update the gradient that made it stays, and what the weight was.
    const hasMoved = moment.phase === "moved" && before !== undefined;
    const [was, slopeBefore] = hasMoved ? numbersAt(setup, before, weight) : [value, slope];
    const hasGradient = hasMoved || layer >= moment.backwards;
    const isChosen = sameWeight(weight, chosen);
    const isBias = from === undefined;
    const isShown = !isCrowded || isBias || to === (layer === chosen.layer ? chosen.to : 0);
    const current = brief(value, this.#digits);
    write(label, isBias ? `b ${current}` : current);
    write(gradient, hasGradient ? `∂ ${brief(slopeBefore, this.#digits)}` : "");
    write(old, hasMoved && !isBias ? `was ${brief(was, this.#digits)}` : "");
    const shown = numbersOf(parts).filter((each) => each !== ring && each.textContent !== "");
    shown.forEach((text, i) => {
      change(text, { y: line.label.y + 4.5 + (i - (shown.length - 1) / 2) * LINE });
    });
    change(label, { class: hasMoved ? "label halo moved" : "label halo" });
    for (const text of numbersOf(parts)) change(text, { display: isShown ? "inline" : "none" });
    change(stroke, {
      "stroke-width": 1.5 + 3.5 * Math.min(1, Math.abs(value)),
      "stroke-dasharray": value < 0 ? "7 5" : "none",
    });
    const height = isBias ? TAB : shown.length * LINE + 6;
    change(ring, {
      class: `ring${isBias ? " tab" : ""}${isChosen ? " chosen" : ""}`,
      y: line.label.y - height / 2,
      height,
      display: isShown ? "inline" : "none",
    });
    const kinds = [
      value < 0 ? "negative" : "positive",
      ...(isChosen ? ["chosen"] : []),
      ...(layer === moment.layer ? ["active"] : []),
      ...(isShown ? [] : ["faint"]),
    ];
    change(group, {
      class: `weight ${kinds.join(" ")}`,
      tabindex: isChosen ? 0 : -1,
      "aria-pressed": String(isChosen),
      "aria-label": [
        `Weight ${weightName(setup, weight)}: ${four(value)}`,
        ...(hasGradient ? [`gradient ${four(slopeBefore)}`] : []),
        ...(hasMoved ? [`before ${four(was)}`] : []),
      ].join(", "),
    });
  }

  #showUnit({ group, value, below }: UnitParts, layer: number, unit: number, { moment, update }: Scene): void {
    const known = layer <= moment.forwards;
    const isBack = layer >= moment.backwards;
    const { a, dz } = update.layers[layer];
    write(value, known ? brief(a[unit], this.#digits) : "?");
    write(below, isBack ? `∂ ${brief(dz[unit], this.#digits)}` : "");
    change(group, {
      class: `unit${layer === moment.layer && moment.layer > 0 ? " active" : ""}${known ? "" : " unknown"}`,
    });
  }

  #showLoss({ moment, update }: Scene): void {
    if (this.#loss === undefined) return;
    write(this.#loss.value, moment.hasLoss ? brief(update.loss, this.#digits) : "?");
    change(this.#loss.group, { class: `unit loss${moment.phase === "loss" ? " active" : ""}` });
  }
}

/** A line with its number, a button of its weight; of a bias the tab above its unit. */
function lineOf(line: Line, { number, unit }: Layout, onWeight: OnWeight): LineParts {
  const { weight, from, to, label: at } = line;
  const isBias = weight.from === undefined;
  const width = isBias ? Math.min(number.width, unit.width) : number.width + 2;
  const height = isBias ? TAB : 2 * LINE;
  const ends = { x1: from.x, y1: from.y, x2: to.x, y2: to.y };
  const box = { x: at.x - width / 2, y: at.y - height / 2, width, height, rx: 6 };
  const stroke = svg("line", { ...ends, class: "stroke" });
  const group = svg(
    "g",
    { class: "weight", role: "button" },
    svg("line", { ...ends, class: "reach" }),
    svg("rect", { ...box, class: "reach number" }),
    stroke,
  );
  for (const event of ["focus", "click"]) group.addEventListener(event, () => onWeight(weight, true));
  group.addEventListener("pointerenter", ({ pointerType }) => onWeight(weight, pointerType !== "mouse"));
  return {
    line,
    group,
    stroke,
    ring: svg("rect", { ...box, class: "ring" }),
    old: svg("text", { x: at.x, class: "old halo" }),
    label: svg("text", { x: at.x }),
    gradient: svg("text", { x: at.x, class: "gradient halo" }),
  };
}

/** The box of a line's numbers, and these, from above. */
function numbersOf({ ring, old, label, gradient }: LineParts): SVGElement[] {
  return [ring, old, label, gradient];
}

/** A weight or bias in an update, and its gradient. */
function numbersAt({ sizes }: Setup, { layers }: Update, { layer, from, to }: Weight): readonly [number, number] {
  const { w, b, dw, db } = layers[layer];
  if (from === undefined) return [b[to], db[to]];
  const at = to * sizes[layer - 1] + from;
  return [w[at], dw[at]];
}

/** A unit, or the loss: a box with its name, its number, and the gradient of the loss by its sum. */
function boxOf({ x, y }: Point, { unit: { width, height } }: Layout, name: string, kind: string): UnitParts {
  const value = svg("text", { x, y: y + 5, class: "value" });
  const below = svg("text", { x, y: y + 21, class: "gradient" });
  const box = svg("rect", { x: x - width / 2, y: y - height / 2, width, height, rx: kind === "unit" ? 18 : 8 });
  const group = svg("g", { class: kind }, box, svg("text", { x, y: y - 12, class: "name" }, name), value, below);
  return { group, value, below };
}

function heading(setup: Setup, layer: number): string {
  if (layer === 0) return "input";
  if (layer === depth(setup)) return "output";
  return depth(setup) === 2 ? "hidden" : `hidden ${layer}`;
}
