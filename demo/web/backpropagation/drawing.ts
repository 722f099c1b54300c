// The network as a picture of lines and circles with their numbers. Each weight is a button: pressed, focused or pointed at, it is unrolled.
import { brief, four } from "./format.ts";
import type { Update } from "./graph.ts";
import { type Layout, type Line, layoutOf } from "./layout.ts";
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
    const { clientWidth, clientHeight } = this.#place;
    const { sizes, bias } = scene.setup;
    const shape = JSON.stringify([sizes, bias, clientWidth, clientHeight]);
    if (shape !== this.#shape) this.#build(scene.setup, layoutOf(scene.setup, clientWidth, clientHeight));
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
    const { width, height, radius, units, lines, loss } = layout;
    this.#lines = lines.map((line) => this.#line(line));
    this.#units = units.map((layer, at) =>
      layer.map((point, unit) => circle(point, radius, unitName(setup, at, unit))),
    );
    const box = svg("rect", { x: loss.x - 40, y: loss.y - 27, width: 80, height: 54, rx: 8 });
    const value = svg("text", { x: loss.x, y: loss.y + 14 });
    const below = svg("text", { x: loss.x, y: loss.y + 44, class: "below" });
    this.#loss = {
      group: svg("g", { class: "unit loss" }, box, name(loss.x, loss.y - 6, "loss L"), value, below),
      value,
      below,
    };
    const outputs = units[units.length - 1].map((from) =>
      svg("line", { x1: from.x, y1: from.y, x2: loss.x - 40, y2: loss.y, class: "wire" }),
    );
    const headings = units.map((layer, at) =>
      svg("text", { x: layer[0].x, y: height - 6, class: "heading" }, heading(setup, at)),
    );
    const picture = svg(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, width, height, role: "group", "aria-label": "The network: its weights" },
      ...outputs,
      ...this.#lines.map(({ group }) => group),
      ...this.#units.flat().map(({ group }) => group),
      this.#loss.group,
      // Numbers stand above all lines.
      svg("g", { class: "labels", "aria-hidden": "true" }, ...this.#lines.map(({ label }) => label)),
      ...headings,
    );
    this.#place.replaceChildren(picture);
  }

  #line(line: Line): LineParts {
    const { from, to, label: at, weight } = line;
    const ends = { x1: from.x, y1: from.y, x2: to.x, y2: to.y };
    const stroke = svg("line", { ...ends, class: "stroke" });
    const label = svg("text", { x: at.x, y: at.y + 4 });
    const group = svg(
      "g",
      { class: "weight", role: "button" },
      svg("line", { ...ends, class: "reach" }),
      svg("rect", { x: at.x - 30, y: at.y - 12, width: 60, height: 24, rx: 6, class: "ring" }),
      stroke,
    );
    const look = () => this.#onWeight(weight);
    for (const event of ["focus", "pointerenter", "click"]) group.addEventListener(event, look);
    return { line, group, stroke, label };
  }

  #showLine(
    { line: { weight }, group, stroke, label }: LineParts,
    { setup, moment, update, weight: chosen }: Scene,
  ): void {
    const { layer, from, to } = weight;
    const { w, b, dw, db } = update.layers[layer];
    const at = to * setup.sizes[layer - 1] + (from ?? 0);
    const [value, gradient] = from === undefined ? [b[to], db[to]] : [w[at], dw[at]];
    const isBack = layer >= moment.backwards;
    const shown = isBack ? gradient : value;
    const isChosen = sameWeight(weight, chosen);
    write(label, (isBack ? "∂ " : "") + brief(shown));
    change(label, { class: isBack ? "label gradient" : moment.phase === "moved" ? "label moved" : "label" });
    change(stroke, {
      "stroke-width": 1.5 + 3.5 * Math.min(1, Math.abs(shown) / (isBack ? 0.5 : 1)),
      "stroke-dasharray": shown < 0 ? "7 5" : "none",
    });
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
    write(value, known ? brief(a[unit]) : "?");
    write(below, isBack ? `∂ ${brief(dz[unit])}` : "");
    change(group, {
      class: `unit${layer === moment.layer && moment.layer > 0 ? " active" : ""}${known ? "" : " unknown"}`,
    });
  }

  #showLoss({ setup, moment, update }: Scene): void {
    if (this.#loss === undefined) return;
    write(this.#loss.value, moment.hasLoss ? brief(update.loss) : "?");
    write(
      this.#loss.below,
      setup.targets.map((target, unit) => `${targetName(setup, unit)} = ${brief(target)}`).join(", "),
    );
    change(this.#loss.group, { class: `unit loss${moment.phase === "loss" ? " active" : ""}` });
  }
}

function circle({ x, y }: { readonly x: number; readonly y: number }, radius: number, text: string): UnitParts {
  const value = svg("text", { x, y: y + 13, class: "value" });
  const below = svg("text", { x, y: y + radius + 15, class: "below gradient" });
  const group = svg(
    "g",
    { class: "unit" },
    svg("circle", { cx: x, cy: y, r: radius }),
    name(x, y - 5, text),
    value,
    below,
  );
  return { group, value, below };
}

function name(x: number, y: number, text: string): SVGTextElement {
  return svg("text", { x, y, class: "name" }, text);
}

function heading(setup: Setup, layer: number): string {
  if (layer === 0) return "input";
  if (layer === depth(setup)) return "output";
  return depth(setup) === 2 ? "hidden" : `hidden ${layer}`;
}
