// What a chapter is to the page, and the pieces that chapters are made of.
import type { Executor } from "simdgrad";
import { make } from "../../shared/dom.ts";

/** What a chapter has of the page. */
export interface Desk {
  readonly executor: () => Promise<Executor>;
  /** Says that the task is solved. */
  readonly solve: () => void;
  /** Tells of what went wrong. */
  readonly fail: (error: unknown) => void;
}

/** A chapter that is open; `leave` ends what it does by itself, and tells whether there was anything to end. */
export interface Opened {
  readonly leave: () => boolean;
}

export interface Chapter {
  /** Of its text, to be read before the task. */
  readonly paragraphs: readonly string[];
  /** Adds the task to its place. */
  readonly open: (place: HTMLElement, desk: Desk) => Opened;
}

export function button(text: string, onClick: () => void): HTMLButtonElement {
  const element = make("button", { type: "button" }, text);
  element.addEventListener("click", onClick);
  return element;
}

export function row(...children: readonly Node[]): HTMLElement {
  return make("div", { className: "task-row" }, ...children);
}

/** What lines and marks of a picture mean: their kinds as the style sheet has them, each with its words. */
export function legend(...entries: readonly (readonly [kind: string, words: string])[]): HTMLElement {
  const spans = entries.map(([kind, words]) => make("span", {}, make("i", { className: kind }), words));
  return make("p", { className: "legend-line" }, ...spans);
}

/** A field for a number, with its name above. */
export function answerField(name: string): { readonly field: HTMLElement; readonly input: HTMLInputElement } {
  const input = make("input", { type: "text", inputMode: "decimal", autocomplete: "off" });
  return { field: make("label", { className: "answer-field" }, make("span", {}, name), input), input };
}

export function chooser(
  name: string,
  options: readonly (readonly [string, string])[],
  chosen: string,
): { readonly field: HTMLElement; readonly select: HTMLSelectElement } {
  const select = make("select", {}, ...options.map(([value, text]) => new Option(text, value)));
  select.value = chosen;
  return { field: make("label", { className: "answer-field" }, make("span", {}, name), select), select };
}

/** The number that was typed; NaN where it is none. Both signs for minus, and a comma, are understood. */
export function typed(input: HTMLInputElement): number {
  const text = input.value.trim().replaceAll("−", "-").replace(",", ".");
  return text === "" ? Number.NaN : Number(text);
}

/** A line that says whether something is right, and why. */
export class Verdict {
  readonly element = make("p", { className: "verdict", role: "status" });

  say(kind: "right" | "wrong" | "neither", text: string): void {
    this.element.className = kind === "neither" ? "verdict" : `verdict ${kind}`;
    if (this.element.textContent !== text) this.element.textContent = text;
  }
}
