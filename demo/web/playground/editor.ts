// The numbers of one unit: its bias and the weights that lead to it, live, and to be set by hand.
import { byId, make, say } from "../shared/dom.ts";
import type { Graph, Unit } from "./graph.ts";
import type { WeightEdit } from "./settings.ts";

interface Entry {
  readonly input: HTMLInputElement;
  readonly place: number;
}

export class Editor {
  readonly #box = byId("unit-box");
  readonly #graph: Graph;
  readonly #onEdit: (edit: WeightEdit) => void;
  #entries: Entry[] = [];
  #weights: Float32Array | undefined;

  constructor(graph: Graph, onEdit: (edit: WeightEdit) => void) {
    this.#graph = graph;
    this.#onEdit = onEdit;
    byId("unit-close").addEventListener("click", () => this.close());
  }

  /** Shows a unit; focuses the weight from this unit before it. */
  open(unit: Unit, from?: number): void {
    this.#graph.choose(unit);
    say(byId("unit-title"), this.#graph.nameOf(unit));
    const before = unit.column === 0 ? 0 : this.#graph.unitsBefore(unit.column);
    const sources = Array.from({ length: before }, (_, i) => i);
    this.#entries = unit.column === 0 ? [] : [this.#entry(unit, "bias"), ...sources.map((i) => this.#entry(unit, i))];
    const labels = this.#entries.map(({ input }, i) => {
      const name = i === 0 ? "Bias" : `From ${this.#graph.nameOf({ column: unit.column - 1, row: i - 1 })}`;
      return make("label", { className: "field" }, make("span", {}, name), input);
    });
    const none = make("p", { className: "hint" }, "What the network sees of each point. It has no weights of its own.");
    byId("unit-numbers").replaceChildren(...(labels.length > 0 ? labels : [none]));
    this.#box.hidden = false;
    if (this.#weights) this.show(this.#weights);
    if (from !== undefined) this.#entries[from + 1]?.input.focus();
  }

  close(): void {
    this.#box.hidden = true;
    this.#entries = [];
    this.#graph.choose(undefined);
  }

  /** The latest numbers; what is being typed stays. */
  show(weights: Float32Array): void {
    this.#weights = weights;
    for (const { input, place } of this.#entries)
      if (document.activeElement !== input) input.value = weights[place]?.toFixed(4) ?? "";
  }

  #entry(unit: Unit, from: number | "bias"): Entry {
    const input = make("input", { type: "number", step: "0.1", min: "-100", max: "100" });
    const path = `${2 * (unit.column - 1)}.${from === "bias" ? "bias" : "weight"}`;
    const index = from === "bias" ? unit.row : unit.row * this.#graph.unitsBefore(unit.column) + from;
    input.addEventListener("change", () => {
      const value = Number(input.value);
      if (input.value.trim() === "" || !Number.isFinite(value) || Math.abs(value) > 100) return;
      this.#onEdit({ path, index, value });
    });
    return { input, place: this.#graph.placeOf(unit, from) };
  }
}
