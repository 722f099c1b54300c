// The network as a picture of lines and circles with their numbers. Each weight is a button: pressed, focused or pointed at, it is unrolled.
import { brief, four } from "./format.ts";
import type { Update } from "./graph.ts";
import { type Layout, type Line, layoutOf, type Point, TAB } from "./layout.ts";
import type { Moment } from "./moments.ts";
import { depth, type Setup, sameWeight, targetName, unitName, type Weight, weightName } from "./network.ts";
import { change, svg, write } from "./svg.ts";

/** What is to be seen. */
export interface Scene {
  readonly setup: Setup;
  readonly moment: Moment;
  readonly update: Update;
  /** The weight that is unrolled. */
  readonly weight: Weight;
}

interface LineParts {
  readonly line: Line;
  readonly group: SVGGElement;
  readonly stroke: SVGLineElement;
  readonly ring: SVGRectElement;
  readonly label: SVGTextElement;
}

interface UnitParts {
  readonly group: SVGGElement;
  readonly value: SVGTextElement;
  readonly below: SVGTextElement;
}

export class Drawing {
  readonly #place: HTMLElement;
  readonly #onWeight: (weight: Weight) => void;
  #scene: Scene | undefined;
  #lines: readonly LineParts[] = [];
  #units: readonly (readonly UnitParts[])[] = [];
  #loss: UnitParts | undefined;
  /** Significant digits that there is room for. */
  #digits = 4;
  /** What the present picture was made for. */
  #shape = "";

  /** @param onWeight told of the weight that a visitor looks at */
  constructor(place: HTMLElement, onWeight: (weight: Weight) => void) {
    this.#place = place;
    this.#onWeight = onWeight;
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
      layer.map((point, unit) => boxOf(point, layout, unitName(setup, at, unit), "unit")),
    );
    this.#loss = boxOf(loss, layout, "loss L", "unit loss");
    const outputs = units[units.length - 1].map((from) =>
      svg("line", { x1: from.x, y1: from.y, x2: loss.x, y2: loss.y, class: "wire" }),
    );
    const targets = setup.targets.map((target, unit) =>
      svg(
        "text",
        { ...layout.targets[unit], class: "target" },
        `${targetName(setup, unit)} = ${brief(target, digits)}`,
      ),
    );
    const headings = layout.headings.flatMap((place, at) =>
      place === undefined ? [] : [svg("text", { ...place, class: "heading" }, heading(setup, at))],
    );
    const picture = svg(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, width, height, role: "group", "aria-label": "The network: its weights" },
      ...outputs,
      ...this.#lines.map(({ group }) => group),
      ...this.#units.flat().map(({ group }) => group),
      this.#loss.group,
      // Numbers stand above all lines.
      svg("g", { class: "labels", "aria-hidden": "true" }, ...this.#lines.flatMap(({ ring, label }) => [ring, label])),
      ...targets,
      ...headings,
    );
    picture.style.fontSize = `${font}px`;
    this.#place.replaceChildren(picture);
  }

  #showLine(
    { line: { weight }, group, stroke, ring, label }: LineParts,
    { setup, moment, update, weight: chosen }: Scene,
  ): void {
    const { layer, from, to } = weight;
    const { w, b, dw, db } = update.layers[layer];
    const at = to * setup.sizes[layer - 1] + (from ?? 0);
    const [value, gradient] = from === undefined ? [b[to], db[to]] : [w[at], dw[at]];
    const isBack = layer >= moment.backwards;
    const shown = isBack ? gradient : value;
    const isChosen = sameWeight(weight, chosen);
    const sign = isBack ? "∂ " : from === undefined ? "b " : "";
    write(label, sign + brief(shown, this.#digits));
    change(label, { class: isBack ? "label gradient" : moment.phase === "moved" ? "label moved" : "label" });
    change(stroke, {
      "stroke-width": 1.5 + 3.5 * Math.min(1, Math.abs(shown) / (isBack ? 0.5 : 1)),
      "stroke-dasharray": shown < 0 ? "7 5" : "none",
    });
    change(ring, { class: `ring${from === undefined ? " tab" : ""}${isChosen ? " chosen" : ""}` });
    const isActive = layer === moment.layer;
    change(group, {
      class: `weight ${shown < 0 ? "negative" : "positive"}${isChosen ? " chosen" : ""}${isActive ? " active" : ""}`,
      tabindex: isChosen ? 0 : -1,
      "aria-pressed": String(isChosen),
      "aria-label": `Weight ${weightName(setup, weight)}: ${four(value)}${isBack ? `, gradient ${four(gradient)}` : ""}`,
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
function lineOf(
  { from, to, label: at, weight }: Line,
  { number, unit }: Layout,
  onWeight: (weight: Weight) => void,
): LineParts {
  const isBias = weight.from === undefined;
  const width = isBias ? Math.min(number.width, unit.width) : number.width + 2;
  const height = isBias ? TAB : number.height + 4;
  const ends = { x1: from.x, y1: from.y, x2: to.x, y2: to.y };
  const box = { x: at.x - width / 2, y: at.y - height / 2, width, height, rx: 6 };
  const stroke = svg("line", { ...ends, class: "stroke" });
  const group = svg(
    "g",
    { class: "weight", role: "button" },
    svg("line", { ...ends, class: "reach" }),
    svg("rect", { ...box, class: "reach" }),
    stroke,
  );
  for (const event of ["focus", "pointerenter", "click"]) group.addEventListener(event, () => onWeight(weight));
  return {
    line: { from, to, label: at, weight },
    group,
    stroke,
    ring: svg("rect", { ...box, class: "ring" }),
    label: svg("text", { x: at.x, y: at.y + 4 }),
  };
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
