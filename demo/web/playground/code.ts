// The program that does just what the page did: a pure function of what was chosen and of what was done after which step.

import { activations, features, optimizers, penalties, type Shape } from "./network.ts";
import { COUNT, kinds, outputsOf, samplesOf } from "./samples.ts";
import { labelOf, REACH } from "./scale.ts";
import type { Sample } from "./sets.ts";
import { type Change, difference, type Settings, scaleOf } from "./settings.ts";

export interface Done {
  readonly first: Settings;
  /** Those that were made. */
  readonly changes: readonly Change[];
  readonly steps: number;
}

/** A function of sets.ts, as it stands there. */
function functionNamed(source: string, name: string): string {
  const found = source.match(new RegExp(`(?:/\\*\\*[^\\n]*\\*/\\n)?export function ${name}\\([\\s\\S]*?\\n}\\n`));
  return (found?.[0] ?? "").replace("export function", "function");
}

/** Whatever a set is made of, each once. */
function functionsOf(settings: readonly Settings[], source: string): string[] {
  const wanted = new Set<string>();
  const add = (name: string) => {
    const text = functionNamed(source, name);
    for (const other of ["normalFrom", "sineOf", "spiral"])
      if (other !== name && text.includes(`${other}(`)) add(other);
    wanted.add(text);
  };
  for (const { data, noise } of settings) {
    add("randomFrom");
    if (data === "own") {
      add("shuffled");
      continue;
    }
    if (noise > 0) add("normalFrom");
    add(data);
  }
  const types = source.match(/export type \w+ = [^\n]*\n/g) ?? [];
  return [types.join("").replaceAll("export ", ""), ...wanted];
}

/** @param source the text of sets.ts */
export function codeOf({ first, changes, steps }: Done, source: string): string {
  const all = [first];
  for (const { set } of changes) all.push({ ...all[all.length - 1], ...set });
  const again = changes.some((change) => isAnew(change));
  const lines = [
    `// ${description(first)}`,
    ...importsOf(all, changes),
    "",
    ...functionsOf(all, source),
    ...dataOf(first, "points", undefined),
    "",
    ...modelOf(all, again),
    "",
    'const executor = new WasmExecutor({ build: "portable", threads: 1 }); // the same bits on every machine',
    ...(again
      ? ["", ...beginOf(first, "begin")]
      : [`const rate = hyperparameter(${first.rate});`, ...trainerOf(first, false)]),
    ...functionTrain(),
    ...partsOf(first, changes, steps, again),
    ...answerLines(all[all.length - 1]),
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

/** The rows that are trained on, as a constant of this name; own points are changed from those that are there already. */
function dataOf(settings: Settings, name: string, before: readonly Sample[] | undefined): string[] {
  const { data, seed, noise, points } = settings;
  const { train, test } = samplesOf(settings);
  if (data === "own") {
    return [
      ...(before === undefined
        ? ["// Points [x, y, target].", "const own: Sample[] = [", ...inLines(points.rows.map(listText)), "];"]
        : movesOf(before, points.rows)),
      `const ${name} = shuffled(own, ${seed}).slice(0, ${train.y.length}); // ${test.y.length} more are for tests`,
    ];
  }
  const move = `${(noise / 50) * 0.5} * normalFrom(random)`;
  const made = kinds[data].draw.length > 1 ? `${data}(random, i)` : `${data}(random)`;
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

function listText(items: readonly (string | number)[]): string {
  return `[${items.join(", ")}]`;
}

/** Makes some points others: those that are left out, then those that are added. */
function movesOf(before: readonly Sample[], after: readonly Sample[]): string[] {
  const gone: number[] = [];
  for (const [i, row] of before.entries()) {
    const next = after[i - gone.length];
    if (next === undefined || row.join() !== next.join()) gone.push(i);
  }
  const added = after.slice(before.length - gone.length).map(listText);
  return [
    ...(gone.length === before.length && gone.length > 0
      ? ["own.length = 0;"]
      : gone.reverse().map((i) => `own.splice(${i}, 1);`)),
    ...(added.length > 6 ? ["own.push(", ...inLines(added), ");"] : added.map((row) => `own.push(${row});`)),
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

/** A function that begins with other points, or by other means. */
function beginOf(settings: Settings, name: string): string[] {
  return [
    "/** Another trainer of the same weights, for these points. */",
    `async function ${name}(points: readonly Sample[], start: number) {`,
    ...["const rate = hyperparameter(start);", ...trainerOf(settings, true), loadText(settings), "return trainer;"].map(
      (line) => `  ${line}`,
    ),
    "}",
  ];
}

function trainerOf(settings: Settings, again: boolean): string[] {
  const loss = outputsOf(settings) === 1 ? "mseLoss" : "crossEntropy";
  return [
    `const trainer = new Trainer(${networkText(settings, again)}, {`,
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

function loadText(settings: Settings): string {
  const target = outputsOf(settings) === 1 ? "[target]" : "target";
  return `await trainer.load({ x: points.map(([x, y]) => [x, y]), y: points.map(([, , target]) => ${target}) });`;
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
  const lines = [again ? `let trainer = await begin(points, ${first.rate});` : loadText(first)];
  let [settings, at, sets, name] = [first, 0, 1, "points"];
  let own = first.data === "own" ? first.points.rows : undefined;
  const means = (of: Settings) => trainerOf(of, true).join();
  /** Functions that begin, by what they make. */
  const begins = new Map([[means(first), "begin"]]);
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
      lines.push(`// The same weights go on: ${Object.keys(set).join(", ")}.`);
      const changed = difference(settings, next);
      if (["data", "noise", "share", "points"].some((each) => each in changed)) {
        name = `points${++sets}`;
        lines.push(...dataOf(next, name, own));
        if (next.data === "own") own = next.points.rows;
      }
      let begin = begins.get(means(next));
      if (begin === undefined) {
        begin = `begin${begins.size + 1}`;
        begins.set(means(next), begin);
        lines.push(...beginOf(next, begin));
      }
      lines.push(`trainer = await ${begin}(${name}, ${next.rate});`);
    } else if (set.rate !== undefined) lines.push(`await trainer.setHyperparameters({ rate: ${set.rate} });`);
    settings = next;
  }
  train(steps);
  return lines;
}

/** What a row of the file needs before the network takes it, and what the network says then, in the file's words. */
function answerLines(settings: Settings): string[] {
  const scale = scaleOf(settings);
  if (scale === undefined) return [];
  const { names, columns, numbers } = scale;
  const [x, y, target] = names.map((name) => JSON.stringify(name));
  const labels = Array.from({ length: settings.points.classes }, (_, i) => labelOf(scale, i));
  const ask = "const { data } = await trainer.predict([scaled(row)]);";
  const answer =
    numbers === undefined
      ? [ask, "return labels[data.indexOf(Math.max(...data))];"]
      : [ask, `return ${numbers[0]} + ((data[0] + 1) / 2) * ${numbers[1] - numbers[0]};`];
  return [
    "",
    `// Of the file's columns ${x} and ${y}: from and to, which become -${REACH} and ${REACH}.`,
    `const columns = ${listText(columns.map(listText))};`,
    "/** The two numbers of a row of the file, as the network takes them. */",
    "function scaled(row: number[]): number[] {",
    `  return row.map((value, i) => (((value - columns[i][0]) / (columns[i][1] - columns[i][0])) * 2 - 1) * ${REACH});`,
    "}",
    ...(numbers === undefined
      ? [`const labels = ${listText(labels.map((label) => JSON.stringify(label)))}; // of the classes, in their order`]
      : []),
    "/** What the network says of the two numbers of a row. */",
    "async function answer(row: number[]) {",
    ...answer.map((line) => `  ${line}`),
    "}",
    `const row = ${listText(columns.map(([from, to]) => from + (to - from) / 2))};`,
    `console.log(${x}, row[0], ${y}, row[1], "is", ${target}, await answer(row));`,
  ];
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
