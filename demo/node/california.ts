// npm run california: what houses in California cost, by a network that learns from where they stand through waves over the map, beside a linear
// model of the same features.
import { concat, normal, type Tensor, Trainer, Variable } from "simdgrad";
import { earlyStopping } from "simdgrad/callbacks";
import { type Table, trainTestSplit } from "simdgrad/data";
import { type Context, Dropout, forward, Linear, mseLoss, relu, Sequential } from "simdgrad/nn";
import { adamW, cosineDecay, ema } from "simdgrad/optim";
import { features, HOUSING_OPTION, PLACE, price, readHousing } from "./housing.ts";
import { leastSquares, rowsOf } from "./linear.ts";
import { type Panel, writePanels } from "./scatter.ts";
import { script } from "./script.ts";

/** How fast the waves go up and down at first: the deviation of their frequencies, where the map has deviation 1. */
const FREQUENCY = 4;
/** An error of so many dollars has the darkest colour of the map. */
const MUCH = 150_000;

/** Dense layers of all features, and of sines and cosines over the map, whose directions and frequencies are learned. */
export class Network {
  readonly waves: Variable;
  readonly body: Sequential;

  constructor(inputs: number, waves: number, width: number) {
    this.waves = new Variable([PLACE.length, waves], (shape, key) => normal(key, shape).mul(FREQUENCY), {
      label: "waves",
    });
    this.body = new Sequential(
      new Linear(inputs + 2 * waves, width),
      relu,
      new Dropout(0.1),
      new Linear(width, width),
      relu,
      new Dropout(0.1),
      new Linear(width, 1),
    );
  }

  forward(x: Tensor, context: Context): Tensor {
    const phases = x.narrow(1, 0, PLACE.length).matmul(this.waves);
    return forward(this.body, concat([x, phases.sin(), phases.cos()], 1), context, "body");
  }
}

/** A block that was held out, its error in dollars by the linear model and by the network. */
interface Held {
  readonly longitude: number;
  readonly latitude: number;
  readonly linear: number;
  readonly network: number;
}

function root(errors: readonly number[]): number {
  return Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length);
}

await script({
  name: "california",
  about: "What houses in California cost, in random splits; the file is given by --data.",
  metric: "root of the mean squared error of blocks that were held out (dollars), mean of the splits",
  options: {
    data: HOUSING_OPTION,
    epochs: { about: "passes over the blocks at the most", value: "40" },
    splits: { about: "random splits, each of which tests a fifth", value: "5" },
    waves: { about: "waves over the map", value: "64" },
    width: { about: "units of a hidden layer", value: "128" },
    batch: { about: "blocks a step", value: "128" },
  },
  async run({ seed, executor, options, whole, say, file, progress }) {
    const [epochs, splits, batch] = [whole("epochs"), whole("splits"), whole("batch")];
    const all = await readHousing(options.data);
    let first: readonly Held[] = [];
    const roots: Record<"linear" | "network", number[]> = { linear: [], network: [] };
    for (let split = 0; split < splits; split++) {
      const parts = { test: 0.2, validation: 0.1, seed: seed * splits + split };
      const { train, validation, test } = trainTestSplit(all, parts);
      // Medians, means and deviations are those of the blocks that are trained on.
      const [seen, dollars] = [features.fit(train), price.fit(train)];
      const samples = (part: Table) => ({ x: seen.transform(part), y: dollars.transform(part) });
      const steps = epochs * Math.ceil(train.rows / batch);
      const descent = adamW(cosineDecay(2e-3, { steps }), { weightDecay: 0.02, mask: ({ shape }) => shape.length > 1 });
      await using trainer = new Trainer(new Network(seen.names.length, whole("waves"), whole("width")), {
        loss: mseLoss,
        optimizer: ema(descent, { decay: 0.998 }),
        executor,
        seed,
      });
      const { x, y } = samples(train);
      await trainer.load({ x, y });
      const callbacks = [earlyStopping({ patience: 10, restoreBest: true })];
      const fit = trainer.fit({ batch, epochs, validation: samples(validation as Table), callbacks });
      for await (const { step, totalSteps } of fit)
        progress.draw((split + step / totalSteps) / splits, `split ${split + 1} of ${splits}`);

      const { x: unseen } = samples(test);
      const told = await trainer.predict(unseen);
      const linear = Float32Array.from(rowsOf(unseen).map(leastSquares(rowsOf(x), Array.from(y.data))));
      const [byNetwork, byLine] = [told, { data: linear, shape: told.shape }].map(
        (each) => dollars.invert(each).toArray().data,
      );
      const { data: cost } = test.toArray(["median_house_value"]);
      const places = rowsOf(test.toArray(PLACE));
      const own = places.map(([longitude, latitude], i) => ({
        longitude,
        latitude,
        linear: byLine[i] - cost[i],
        network: byNetwork[i] - cost[i],
      }));
      if (split === 0) first = own; // all would be a large picture
      for (const name of ["linear", "network"] as const) roots[name].push(root(own.map((each) => each[name])));
      const [network, line] = [roots.network, roots.linear].map((each) => Math.round(each[split]).toLocaleString("en"));
      say(`split ${split + 1}: network ${network}, linear ${line} dollars after ${trainer.history.length} epochs`);
    }
    const path = await file("california.svg");
    await writePanels(path, [map("linear model", first, "linear"), map("network", first, "network")]);
    say(`where they are wrong, in the first split: ${path}`);
    const [value, baseline] = [roots.network, roots.linear].map((each) => each.reduce((a, b) => a + b) / splits);
    return { value, baseline, more: { epochs } };
  },
});

/** California by its held-out blocks: red ones cost less than was said, blue ones more. */
function map(title: string, blocks: readonly Held[], name: "linear" | "network"): Panel {
  const colour = (error: number) => {
    const rest = Math.round(225 * (1 - Math.min(1, Math.abs(error) / MUCH)));
    return error > 0 ? `rgb(225,${rest},${rest})` : `rgb(${rest},${rest},225)`;
  };
  return {
    title: `${title}: off by ${Math.round(root(blocks.map((each) => each[name]))).toLocaleString("en")} dollars`,
    x: { name: "longitude", from: -125, to: -114 },
    y: { name: "latitude", from: 32, to: 43 },
    legend: { "said too much": "rgb(225,0,0)", "said too little": "rgb(0,0,225)" },
    points: blocks.map(({ longitude, latitude, [name]: error }) => ({
      x: longitude,
      y: latitude,
      colour: colour(error),
      radius: 2,
    })),
  };
}
