// A training of the largest network that the page of digits offers.
import { type Executor, Trainer } from "simdgrad";
import { crossEntropy, Linear, relu, Sequential } from "simdgrad/nn";
import { adam, hyperparameter } from "simdgrad/optim";

const ROWS = 2000;

/** Begins it; resolves after its first steps. */
export async function beginTraining(executor: Executor, batch: number) {
  const model = new Sequential(new Linear(784, 512), relu, new Linear(512, 512), relu, new Linear(512, 10));
  const rate = hyperparameter(1e-3);
  const trainer = new Trainer(model, {
    loss: crossEntropy,
    optimizer: adam(rate),
    executor,
    hyperparameters: { rate },
    preprocess: (x) => x.cast("f32").mul(1 / 255),
  });
  const x = { data: Uint8Array.from({ length: ROWS * 784 }, (_, i) => (i * 31) % 256), shape: [ROWS, 784] };
  const y = { data: Int32Array.from({ length: ROWS }, (_, i) => i % 10), shape: [ROWS] };
  await trainer.load({ x, y });
  const fit = trainer.fit({ batch, epochs: 100_000 });
  let steps = 0;
  const reading = (async () => {
    for await (const { step } of fit) steps = step;
  })();
  while (steps === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  return {
    trainer,
    fit,
    x,
    y,
    steps: () => steps,
    async end() {
      await fit.stop();
      await reading;
      await executor.dispose();
    },
  };
}
