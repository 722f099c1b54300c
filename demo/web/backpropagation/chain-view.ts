// The panel beside the picture: the chain rule of one weight with its numbers, as soon as they are known.
import { byId, make, say } from "../shared/dom.ts";
import { type Chain, chainOf, type Link } from "./chain.ts";
import type { Scene } from "./drawing.ts";
import { four } from "./format.ts";
import type { Update } from "./graph.ts";
import { allWeights, sameWeight, weightName } from "./network.ts";

export class ChainView {
  readonly #select = byId("weight", HTMLSelectElement);
  readonly #place = byId("chain");
  #names = "";

  /** @param onWeight told of the number of the weight that was chosen; undefined: whichever the pass has come to */
  constructor(onWeight: (index: number | undefined) => void) {
    // A long chain is scrolled through, by the keyboard, too.
    this.#place.tabIndex = 0;
    this.#select.addEventListener("change", () => {
      const { selectedIndex } = this.#select;
      onWeight(selectedIndex === 0 ? undefined : selectedIndex - 1);
    });
  }

  /** @param isFollowing whether the weight is the one that the pass has come to */
  show(scene: Scene, next: Update, isFollowing: boolean): void {
    const { setup, moment, before, update, weight } = scene;
    const all = allWeights(setup);
    const names = all.map((each) => weightName(setup, each));
    if (this.#names !== names.join())
      this.#select.replaceChildren(new Option("follow the pass"), ...names.map((name) => new Option(name)));
    this.#names = names.join();
    this.#select.selectedIndex = isFollowing ? 0 : 1 + all.findIndex((each) => sameWeight(each, weight));
    // An update that was just made is the one to be understood.
    const hasMoved = moment.phase === "moved" && before !== undefined;
    const chain = hasMoved ? chainOf(setup, before, update, weight) : chainOf(setup, update, next, weight);
    const known = hasMoved || weight.layer >= moment.backwards;
    this.#place.replaceChildren(...(known ? shown(chain) : promised(chain)));
    say(byId("chain-title"), `Why ${chain.name} ${hasMoved ? "changed" : "changes"}`);
  }
}

/** What is known before the backward pass has come here. */
function promised({ symbols, links }: Chain): HTMLElement[] {
  return [
    make("p", { className: "formula" }, symbols),
    make(
      "ul",
      { className: "links" },
      ...links.map(({ name, words }) => make("li", {}, make("b", {}, name), `: ${words}.`)),
    ),
    make("p", { className: "hint" }, "The numbers are there when the backward pass has come to this weight."),
  ];
}

function shown({ symbols, numbers, gradient, links, step, meaning }: Chain): HTMLElement[] {
  return [
    make(
      "p",
      { className: "formula" },
      symbols,
      make("br"),
      `= ${numbers}`,
      make("br"),
      "= ",
      make("strong", {}, four(gradient)),
    ),
    make("p", { className: "formula" }, step),
    make("p", {}, meaning),
    make("ul", { className: "links" }, ...links.map(linkView)),
  ];
}

function linkView({ name, symbols, numbers, value, words, parts }: Link): HTMLElement {
  const steps = [symbols, numbers, four(value)].filter((text, i, all) => text !== "" && text !== all[i - 1]);
  const inner = parts.length === 0 ? [] : [make("ul", { className: "links" }, ...parts.map(linkView))];
  return make(
    "li",
    {},
    make("b", {}, name),
    ` = ${steps.join(" = ")}`,
    make("span", { className: "words" }, words),
    ...inner,
  );
}
