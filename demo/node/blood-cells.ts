// npm run blood-cells -- --data DIR: red cells, white cells and platelets are found and counted in microscope images, beside what thresholds
// and rules of size find. Boxes are drawn into images that it was not trained on.
import { type Tensor, Trainer } from "simdgrad";
import { colorJitter } from "simdgrad/images";
import { adamW, oneCycle } from "simdgrad/optim";
import { averagePrecision, countError, type Sight } from "./average-precision.ts";
import { type Cells, eachKind, HEIGHT, KINDS, type Kind, readCells, WIDTH } from "./blood-images.ts";
import type { Box, Found } from "./boxes.ts";
import { drawnSamples, randomNumbers, samplesOf } from "./cell-crops.ts";
import { cellsOf, GIVEN, PLACES } from "./cell-maps.ts";
import { CellNetwork, cellLoss } from "./cell-network.ts";
import { cellsByRules, rulesFor, toldRules } from "./cell-thresholds.ts";
import { type Drawing, writeBoxes } from "./picture.ts";
import { script } from "./script.ts";

const NAMES: Readonly<Record<Kind, string>> = { RBC: "red cells", WBC: "white cells", Platelets: "platelets" };
const COLOURS: Readonly<Record<Kind, string>> = { RBC: "#d00000", WBC: "#0030ff", Platelets: "#00a000" };
/** Scores from which on a cell counts, of which the best one by the validation images is taken. */
const CUTS = Array.from({ length: 18 }, (_, i) => (i + 1) / 20);
/** Boxes of a kind that overlap by more are of one cell: the best one by the validation images is taken. */
const OVERLAPS = [0.4, 0.5, 0.6, 0.7];
/** Images that are drawn. */
const DRAWN = 4;

type Finds = readonly Readonly<Record<Kind, readonly Found[]>>[];
type Scores = Readonly<Record<Kind, readonly Sight[]>>;

function scoresOf(images: readonly Cells[], found: Finds): Scores {
  return eachKind((kind) => images.map(({ boxes }, i) => ({ found: found[i][kind], wanted: boxes[kind] })));
}

function meanPrecision(scores: Scores): number {
  return KINDS.reduce((sum, kind) => sum + averagePrecision(scores[kind]), 0) / KINDS.length;
}

/** The score of each kind from which on counts are the best. */
function cutsFor(scores: Scores): Record<Kind, number> {
  return eachKind((kind) => best(CUTS, (cut) => -countError(scores[kind], cut)));
}

function best<T>(all: readonly T[], value: (each: T) => number): T {
  const values = all.map(value);
  return all[values.indexOf(Math.max(...values))];
}

/** The first images, with boxes of cells in them. */
function drawings(images: readonly Cells[], boxesOf: (image: number, kind: Kind) => readonly Box[]): Drawing[] {
  return images.slice(0, DRAWN).map(({ path }, i) => ({
    path,
    boxes: KINDS.flatMap((kind) => boxesOf(i, kind).map((box) => ({ box, colour: COLOURS[kind] }))),
  }));
}

await script({
  name: "blood-cells",
  about:
    "Red cells, white cells and platelets in microscope images, found by a convolutional network and by thresholds.",
  metric: "average precision at half overlap, the mean of three kinds",
  options: {
    epochs: { about: "passes over the images", value: "90" },
    batch: { about: "images a step", value: "8" },
    split: { about: "test, or val while something is still chosen: what it is measured on", value: "test" },
    data: { about: "folder BCCD with JPEGImages, Annotations and ImageSets", value: "" },
  },
  async run({ seed, executor, options, whole, train, say, file, progress }) {
    const [epochs, batch] = [whole("epochs"), whole("batch")];
    const [images, held] = [await readCells(options.data, "train"), await readCells(options.data, "val")];
    const steps = epochs * Math.ceil(images.length / batch);
    const trainer = new Trainer(new CellNetwork(), {
      loss: cellLoss,
      optimizer: adamW(oneCycle(4e-3, { steps }), { weightDecay: 1e-3 }),
      preprocess: (x: Tensor) => x.cast("f32").div(255),
      transform: ({ x, ...others }, context) => ({
        ...others,
        x: colorJitter(x, context.key(), { brightness: 0.15, contrast: 0.2, saturation: 0.2, hue: 0.02 }),
      }),
      executor,
      seed,
    });
    const data = (pass: number) => drawnSamples(images, batch, randomNumbers(1_000_003 * seed + pass));
    const history = await train(trainer, { data, batch, epochs });
    const seconds = history.reduce((sum, epoch) => sum + epoch.seconds, 0);

    const mapsOf = async (cells: readonly Cells[]) => (await trainer.predict(samplesOf(cells).x)).data;
    const heldMaps = await mapsOf(held);
    const found = (maps: ArrayLike<number>, cells: readonly Cells[], most: number): Finds =>
      cells.map((_, i) => cellsOf(maps, i * GIVEN * PLACES, { most }));
    const most = best(OVERLAPS, (each) => meanPrecision(scoresOf(held, found(heldMaps, held, each))));
    progress.draw(1, "thresholds");
    const rules = rulesFor(held);
    say(`by the validation images: overlap ${most}; ${toldRules(rules)}`);
    const byRules = (cells: readonly Cells[]): Finds => cells.map((each) => cellsByRules(each, rules));

    // From here on the images that nothing was chosen by.
    const test = await readCells(options.data, options.split);
    const ways = {
      network: { held: found(heldMaps, held, most), test: found(await mapsOf(test), test, most) },
      thresholds: { held: byRules(held), test: byRules(test) },
    };
    const rows = [drawings(test, (image, kind) => test[image].boxes[kind])];
    const more: Record<string, number> = { epochs };
    const means = Object.entries(ways).map(([way, results]) => {
      const cuts = cutsFor(scoresOf(held, results.held));
      const scores = scoresOf(test, results.test);
      for (const kind of KINDS) {
        const [precision, off] = [averagePrecision(scores[kind]), countError(scores[kind], cuts[kind])];
        say(`${way}, ${NAMES[kind]}: average precision ${precision.toFixed(3)}, counts off by ${off.toFixed(2)}`);
        more[`${way} ${kind} precision`] = precision;
        more[`${way} ${kind} count error`] = off;
      }
      const sure = (image: number, kind: Kind) => results.test[image][kind].filter(({ score }) => score >= cuts[kind]);
      rows.push(drawings(test, (image, kind) => sure(image, kind).map(({ box }) => box)));
      return meanPrecision(scores);
    });
    const path = await file("blood-cells.png");
    await writeBoxes(path, { rows, width: WIDTH, height: HEIGHT });
    say(`annotated, by the network, by thresholds: ${path}`);
    await trainer.dispose();
    return { value: means[0], baseline: means[1], seconds, more };
  },
});
