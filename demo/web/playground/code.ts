// The program that does just what the page did: a pure function of what was chosen and of what was done after which step.

import { activations, features, optimizers, penalties, type Shape } from "./network.ts";
import { COUNT, outputsOf, samplesOf } from "./samples.ts";
import source from "./sets.ts?raw";
import { type Change, difference, type Settings } from "./settings.ts";

export interface Done {
  readonly first: Settings;
  /** Those that were made. */
  readonly changes: readonly Change[];
  readonly steps: number;
}

/** A function of sets.ts, as it stands there. */
function functionNamed(name: string): string {
  const found = source.match(new RegExp(`(?:/\\*\\*[^\\n]*\\*/\\n)?export function ${name}\\([\\s\\S]*?\\n}\\n`));
  return (found?.[0] ?? "").replace("export function", "function");
}

/** Whatever a set is made of, each once. */
function functionsOf(settings: readonly Settings[]): string[] {
  const wanted = new Set<string>();
  const add = (name: string) => {
    const text = functionNamed(name);
    for (const other of ["normalFrom", "sineOf", "spiral"])
      if (other !== name && text.includes(`${other}(`)) add(other);
    wanted.add(text);
  };
  for (const { data, noise } of settings) {
    if (data === "own") continue;
    add("randomFrom");
    if (noise > 0) add("normalFrom");
    add(data);
  }
  if (wanted.size === 0) return [];
  const types = source.match(/export type \w+ = [^\n]*\n/g) ?? [];
  return [types.join("").replaceAll("export ", ""), ...wanted];
}

export function codeOf({ first, changes, steps }: Done): string {
  const all = [first];
  for (const { set } of changes) all.push({ ...all[all.length - 1], ...set });
  const again = changes.some((change) => isAnew(change));
  const lines = [
    `// ${description(first)}`,
    ...importsOf(all, changes),
    "",
    ...functionsOf(all),
    ...dataOf(first, "points"),
    "",
    ...modelOf(all, again),
    "",
    ...trainerOf(first, again, true),
    ...functionTrain(),
    ...partsOf(first, changes, steps, again),
    'console.log("loss of the last step:", loss);',
  ];
  return `${lines.join("\n")}\n`;
}

/** Whether a change needs another trainer. */
function isAnew({ set }: Change): boolean {
  return Object.keys(set).some((name) => name !== "rate");
}

function description({ data, hidden }: Settings): string {
  const layers = hidden.length === 0 ? "no hidden layer" : `hidden layers of ${hidden.join(", ")} units`;
  return `A network with ${layers} learns ${data === "own" ? "points of yours" : `the set "${data}"`}.`;
}

function importsOf(all: readonly Settings[], changes: readonly Change[]): string[] {
  const { features: seen } = all[0];
  const own = seen.join() !== "x,y";
  const core = [...(own ? ["concat", "type Tensor"] : usesNone(all) ? ["type Tensor"] : []), "Trainer", "WasmExecutor"];
  const functions = all.flatMap(({ activation, hidden }) =>
    hidden.length > 0 && activation !== "none" ? [activation] : [],
  );
  const loss = outputsOf(all[0]) === 1 ? "mseLoss" : "crossEntropy";
  const pulls = all.flatMap((each) => (isPulled(each) ? ["chain", penalties[each.penalty as "l1"].text] : []));
  const optimizer = [...all.map((each) => optimizers[each.optimizer].uses), "hyperparameter", ...pulls];
  const sorted = (names: readonly string[]) =>
    [...new Set(names)].sort((a, b) => a.toLowerCase().localeCompare(b.toLowerCase()));
  return [
    `import { ${core.join(", ")} } from "simdgrad";`,
    `import { ${sorted(["Linear", "Sequential", loss, ...functions]).join(", ")} } from "simdgrad/nn";`,
    `import { ${sorted(optimizer).join(", ")} } from "simdgrad/optim";`,
  ].filter((_, i) => i < 3 || changes.length > 0);
}

function usesNone(all: readonly Settings[]): boolean {
  return all.some(({ activation, hidden }) => activation === "none" && hidden.length > 0);
}

function isPulled({ penalty, strength }: Settings): boolean {
  return penalty !== "none" && strength > 0;
}

/** The rows that are trained on, as a constant of this name. */
function dataOf(settings: Settings, name: string): string[] {
  const { data, seed, noise } = settings;
  const { train, test } = samplesOf(settings);
  if (data === "own") {
    const rows = train.x.map((row, i) => `[${[...row, train.y[i]].join(", ")}]`);
    return [`// Points [x, y, target] to train on.`, `const ${name} = [`, ...inLines(rows), "];"];
  }
  const move = `${(noise / 50) * 0.5} * normalFrom(random)`;
  const made = functionNamed(data).includes("i: number") ? `${data}(random, i)` : `${data}(random)`;
  const point =
    noise === 0 ? made : `{\n  const [x, y, target] = ${made};\n  return [x + ${move}, y + ${move}, target];\n}`;
  const random = name === "points" ? "random" : `${name}Random`;
  const body =
    random === "random" ? point : point.replaceAll("random)", `${random})`).replaceAll("random,", `${random},`);
  return [
    `const ${random} = randomFrom(${seed});`,
    `const ${name} = Array.from({ length: ${COUNT} }, (_, i): Sample => ${body}).slice(0, ${train.y.length}); // ${test.y.length} more are for tests`,
  ];
}

function inLines(items: readonly string[]): string[] {
  const lines: string[] = [];
  for (let i = 0; i < items.length; i += 6) lines.push(`  ${items.slice(i, i + 6).join(", ")},`);
  return lines;
}

function modelOf(all: readonly Settings[], again: boolean): string[] {
  const { features: seen, hidden } = all[0];
  const widths = [seen.length, ...hidden, outputsOf(all[0])];
  const layers = widths.slice(1).map((width, i) => `new Linear(${widths[i]}, ${width})`);
  const none = usesNone(all) ? ["const none = (x: Tensor) => x;"] : [];
  return [...none, ...preprocessLines(all[0]), ...(again ? [`const layers = [${layers.join(", ")}];`] : [])];
}

function preprocessLines({ features: seen }: Shape): string[] {
  if (seen.join() === "x,y") return [];
  return [
    "/** What the network sees of points [rows, 2]. */",
    "function preprocess(points: Tensor): Tensor {",
    "  const [x, y] = [points.narrow(1, 0, 1), points.narrow(1, 1, 1)];",
    `  return concat([${seen.map((name) => features[name].text).join(", ")}], 1);`,
    "}",
  ];
}

function networkText(settings: Settings, again: boolean): string {
  const { features: seen, hidden, activation } = settings;
  const widths = [seen.length, ...hidden, outputsOf(settings)];
  const { text } = activations[activation];
  const parts = widths.slice(1).flatMap((width, i) => {
    const layer = again ? `layers[${i}]` : `new Linear(${widths[i]}, ${width})`;
    return i === 0 ? [layer] : [text, layer];
  });
  return `new Sequential(${parts.join(", ")})`;
}

function optimizerText(settings: Settings): string {
  const { text } = optimizers[settings.optimizer];
  if (!isPulled(settings)) return text;
  const pull = penalties[settings.penalty as "l1"].text;
  return `chain(${pull}(${settings.strength}, { mask: ({ shape }) => shape.length > 1 }), ${text})`;
}

function trainerOf(settings: Settings, again: boolean, isFirst: boolean): string[] {
  const loss = outputsOf(settings) === 1 ? "mseLoss" : "crossEntropy";
  const makes = isFirst ? (again ? "let trainer =" : "const trainer =") : "trainer =";
  return [
    ...(isFirst
      ? ['const executor = new WasmExecutor({ build: "portable", threads: 1 }); // the same bits on every machine']
      : []),
    isFirst
      ? `${again ? "let" : "const"} rate = hyperparameter(${settings.rate});`
      : `rate = hyperparameter(${settings.rate});`,
    `${makes} new Trainer(${networkText(settings, again)}, {`,
    `  loss: ${loss},`,
    `  optimizer: ${optimizerText(settings)},`,
    "  hyperparameters: { rate },",
    "  executor,",
    `  seed: ${settings.seed},`,
    ...(settings.features.join() === "x,y" ? [] : ["  preprocess,"]),
    "  metrics: {},",
    "});",
  ];
}

function loadText(settings: Settings, name: string): string {
  const target = outputsOf(settings) === 1 ? "[target]" : "target";
  return `await trainer.load({ x: ${name}.map(([x, y]) => [x, y]), y: ${name}.map(([, , target]) => ${target}) });`;
}

function functionTrain(): string[] {
  return [
    "",
    "let loss = Number.NaN;",
    "/** Makes so many steps. */",
    "async function train(steps: number, batch: number) {",
    "  for await (const report of trainer.fit({ batch, epochs: steps, report: steps, lockstep: true })) {",
    "    loss = report.loss; // of the last step",
    "    break;",
    "  }",
    "}",
    "",
  ];
}

/** The training itself, from change to change. */
function partsOf(first: Settings, changes: readonly Change[], steps: number, again: boolean): string[] {
  const lines = [loadText(first, "points")];
  let [settings, at, sets, name] = [first, 0, 1, "points"];
  const train = (to: number) => {
    if (to > at)
      lines.push(`await train(${to - at}, ${Math.min(settings.batch, samplesOf(settings).train.y.length)});`);
    at = to;
  };
  for (const change of changes) {
    train(change.step);
    const { set, weight } = change;
    if (weight !== undefined) lines.push(...weightLines(weight));
    const next = { ...settings, ...set };
    if (isAnew(change)) {
      const changed = difference(settings, next);
      const moved = ["data", "noise", "share", "points"].some((each) => each in changed);
      if (moved) {
        name = `points${++sets}`;
        lines.push(...dataOf(next, name));
      }
      lines.push(
        `// The same weights go on: ${Object.keys(set).join(", ")}.`,
        ...trainerOf(next, again, false),
        loadText(next, name),
      );
    } else if (set.rate !== undefined) lines.push(`await trainer.setHyperparameters({ rate: ${set.rate} });`);
    settings = next;
  }
  train(steps);
  return lines;
}

function weightLines({ path, index, value }: NonNullable<Change["weight"]>): string[] {
  return [
    "{",
    "  const weights = await trainer.stateDict();",
    `  weights["${path}"].data[${index}] = ${value};`,
    "  await trainer.loadStateDict(weights);",
    "}",
  ];
}
