// Nothing of what looks at a training stays on its executor, also where it fails.
import { JsExecutor, type Program, type ProgramId, Trainer } from "simdgrad";
import { findLearningRate, gradientMonitor, overfitOneBatch, topLosses } from "simdgrad/insight";
import { Linear, mseLoss, relu, Sequential } from "simdgrad/nn";
import { hyperparameter, sgd } from "simdgrad/optim";
import { expect, test } from "vitest";

/** Counts programs and variables. */
class Counting extends JsExecutor {
  readonly programs = new Set<ProgramId>();
  readonly keys = new Set<string>();
  /** Fails the next run. */
  isFailing = false;

  override async load(program: Program): Promise<ProgramId> {
    const id = await super.load(program);
    this.programs.add(id);
    for (const { key } of program.variables) this.keys.add(key);
    return id;
  }

  override async unload(id: ProgramId): Promise<void> {
    await super.unload(id);
    this.programs.delete(id);
  }

  override async forget(key: string): Promise<void> {
    await super.forget(key);
    this.keys.delete(key);
  }

  override run(...given: Parameters<JsExecutor["run"]>): ReturnType<JsExecutor["run"]> {
    if (this.isFailing && given[1]?.urgent) throw new Error("the run fails");
    return super.run(...given);
  }
}

const samples = { x: [[0], [1], [2]], y: [[1], [3], [5]] };

async function begun() {
  const executor = new Counting();
  const rate = hyperparameter(0.01);
  const model = new Sequential(new Linear(1, 4), relu, new Linear(4, 1));
  const options = { loss: mseLoss, optimizer: sgd(rate), hyperparameters: { rate }, executor };
  const trainer = new Trainer(model, options);
  await trainer.load(samples);
  await trainer.fit({ epochs: 1 });
  await trainer.predict(samples.x); // what predicts and measures stays for the next time
  await trainer.evaluate(samples);
  const held = () => [executor.programs.size, executor.keys.size];
  return { executor, trainer, held };
}

test("rows, gradients and a batch leave as much as was there", async () => {
  const { executor, trainer, held } = await begun();
  const before = held();
  await topLosses(trainer, samples);
  await trainer.fit({ epochs: 1, callbacks: [gradientMonitor({ data: samples })] });
  await findLearningRate(trainer, { steps: 10 });
  expect(held()).toEqual(before);
  await overfitOneBatch(trainer, samples, { steps: 5 });
  await findLearningRate(trainer, { steps: 10, data: samples });
  await trainer.dispose();
  expect(held()).toEqual([0, 0]);
  await executor.dispose();
});

test("what fails leaves nothing, and the trainer goes on", async () => {
  const { executor, trainer, held } = await begun();
  const before = held();
  executor.isFailing = true;
  await expect(topLosses(trainer, samples)).rejects.toThrow("the run fails");
  const monitor = gradientMonitor({ data: samples });
  await expect(trainer.fit({ callbacks: [monitor] })).rejects.toThrow("the run fails");
  executor.isFailing = false;
  expect(held()).toEqual(before);
  expect(await topLosses(trainer, samples)).toHaveLength(3);
  await executor.dispose();
});
