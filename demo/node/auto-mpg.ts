// npm run auto-mpg: how many miles cars of 1970 to 1982 go on a gallon, by their engine, weight, year and origin; a network beside a linear
// model.
import { Trainer } from "simdgrad";
import { earlyStopping } from "simdgrad/callbacks";
import { imputeMissing, oneHot, preprocessing, standardize, type Table, trainTestSplit } from "simdgrad/data";
import { huberLoss, Linear, Sequential, tanh } from "simdgrad/nn";
import { adamW } from "simdgrad/optim";
import { loadCars } from "./cars.ts";
import { leastSquares, rowsOf } from "./linear.ts";
import { diagonal, type Panel, writePanels } from "./scatter.ts";
import { script } from "./script.ts";

const NUMBERS = ["cylinders", "displacement", "horsepower", "weight", "acceleration", "year"];
const COLOURS = { linear: "#c60", network: "#06c" };
type Name = keyof typeof COLOURS;

/** A car that was held out: miles on a gallon. */
interface Guess {
  readonly said: number;
  readonly measured: number;
}

function meanError(guesses: readonly Guess[]): number {
  return guesses.reduce((sum, { said, measured }) => sum + Math.abs(said - measured), 0) / guesses.length;
}

await script({
  name: "auto-mpg",
  about: "How many miles cars go on a gallon, in random splits.",
  metric: "mean absolute error of cars that were held out (miles a gallon)",
  options: {
    epochs: { about: "passes over the cars at the most", value: "400" },
    splits: { about: "random splits, each of which tests a fifth", value: "5" },
    width: { about: "units of a hidden layer", value: "32" },
  },
  async run({ seed, executor, whole, say, file, progress }) {
    const [epochs, splits, width] = [whole("epochs"), whole("splits"), whole("width")];
    const all = await loadCars();
    const guesses: Record<Name, Guess[]> = { linear: [], network: [] };
    for (let split = 0; split < splits; split++) {
      const parts = { test: 0.2, validation: 0.15, seed: seed * splits + split };
      const { train, validation, test } = trainTestSplit(all, parts);
      // Medians, means and deviations are those of the cars that are trained on.
      const features = preprocessing([
        { columns: NUMBERS, steps: [imputeMissing({ strategy: "median" }), standardize()] },
        { columns: ["origin"], steps: [oneHot({ drop: "first" })] },
      ]).fit(train);
      const miles = preprocessing([{ columns: ["miles"], steps: [standardize()] }]).fit(train);
      const samples = (part: Table) => ({ x: features.transform(part), y: miles.transform(part) });
      const network = new Sequential(
        new Linear(features.names.length, width),
        tanh,
        new Linear(width, width),
        tanh,
        new Linear(width, 1),
      );
      await using trainer = new Trainer(network, {
        loss: huberLoss,
        optimizer: adamW(3e-3, { weightDecay: 0.1 }),
        executor,
        seed,
      });
      const { x, y } = samples(train);
      await trainer.load({ x, y });
      const callbacks = [earlyStopping({ patience: 40, restoreBest: true })];
      await trainer.fit({ batch: 32, epochs, validation: samples(validation as Table), callbacks });
      const held = samples(test).x;
      const linear = rowsOf(held).map(leastSquares(rowsOf(x), Array.from(y.data)));
      const told = {
        linear: { data: Float32Array.from(linear), shape: [test.rows, 1] },
        network: await trainer.predict(held),
      };
      const { data: measured } = test.toArray(["miles"]);
      for (const [name, outputs] of Object.entries(told)) {
        const { data: said } = miles.invert(outputs).toArray();
        for (const [i, each] of measured.entries()) guesses[name as Name].push({ said: said[i], measured: each });
      }
      progress.draw((split + 1) / splits, `split ${split + 1}: off by ${meanError(guesses.network).toFixed(2)}`);
    }
    const path = await file("auto-mpg.svg");
    await writePanels(
      path,
      Object.entries(guesses).map(
        ([name, own]): Panel => ({
          title: `${name}: off by ${meanError(own).toFixed(2)} miles in the mean`,
          x: { name: "miles a gallon, as was said", from: 0, to: 50 },
          y: { name: "measured", from: 0, to: 50 },
          lines: [diagonal(0, 50)],
          points: own.map(({ said, measured }) => ({ x: said, y: measured, colour: COLOURS[name as Name] })),
        }),
      ),
    );
    say(`what was said of held-out cars, and what they do: ${path}`);
    return { value: meanError(guesses.network), baseline: meanError(guesses.linear) };
  },
});
