// Scripts of visitors, which run in a page of the site (serve.ts): they go by what all pages have in common, #go, #figure-step, #figure-loss.

/** What is particular to a page. */
interface Particular {
  /** Sets it going, where pressing #go does not; an expression of a promise. */
  readonly start?: string;
  /** More that is told of it when it trains. */
  readonly tell?: string;
  /** Steps that it makes at least; default 20. */
  readonly steps?: number;
}

/** Presses #go, unless the page went by itself. */
const press = `(async () => {
  await until("a button to press", () => isOn() && !/^(Start|Resum|Paus)ing|…$/.test(text("go")));
  if (text("go") !== "Pause") element("go").click();
})()`;

/** Teaches what the page makes up itself, then presses. */
const taught = `(async () => {
  await until("something made up", () => element("made-up") !== null);
  element("made-up").click();
  await until("examples", () => /[1-9]/.test(document.querySelector(".class-row .count")?.textContent ?? ""));
  await ${press};
})()`;

const particular: Readonly<Record<string, Particular>> = {
  // An update takes seconds there: it is shown step by step.
  "backpropagation.html": { steps: 2 },
  "digits.html": { tell: `{ place: text("place-now") }` },
  "pictures.html": { start: taught, steps: 4 },
  "words.html": { start: taught, steps: 4 },
};

const helpers = `
  const element = (id) => document.getElementById(id);
  const text = (id) => element(id)?.textContent.trim() ?? "";
  const until = async (what, isSo) => {
    for (const end = Date.now() + 60000; !isSo(); await new Promise((resolve) => setTimeout(resolve, 20)))
      if (Date.now() > end) throw new Error(what + " did not happen: " + text("go") + ", step " + text("figure-step") + " " + text("problem"));
  };
  const isOn = () => element("go")?.ariaDisabled !== "true" && !element("go")?.disabled;
  const step = () => Number.parseFloat(text("figure-step").replaceAll(",", "")) || 0;
  await until("loading", () => document.querySelector("main[data-ready]") !== null);
`;

/** Opens a page, sets it going, and tells how it is when it trains. */
export function trainVisit(file: string): string {
  const { start = press, tell = "{}", steps = 20 } = particular[file] ?? {};
  return `${helpers}
  const before = step();
  await ${start};
  await until("training", () => step() >= before + ${steps});
  return { isolated: crossOriginIsolated, problem: text("problem"), ...${tell} };
`;
}

/** Trains so many steps, as the page's address says, and tells the loss with all of its digits. */
export function lossVisit(file: string, steps: number): string {
  const { start = press } = particular[file] ?? {};
  return `${helpers}
  await ${start};
  await until("the last step", () => step() === ${steps} && isOn() && text("go") !== "Pause");
  return element("figure-loss").dataset.exact;
`;
}
