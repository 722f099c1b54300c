import { Trainer } from "simdgrad";
import { crossEntropy, Linear, Sequential, tanh } from "simdgrad/nn";
import { adam } from "simdgrad/optim";
import { spawn } from "simdgrad/worker";

const model = new Sequential(new Linear(2, 8), tanh, new Linear(8, 2));
const executor = await spawn();
const trainer = new Trainer(model, { loss: crossEntropy, optimizer: adam(0.1), executor });
// biome-ignore format: a table
await trainer.load({ x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [0, 1, 1, 0] });
const fit = trainer.fit({ batch: "all", epochs: 200 });
for await (const { step, loss } of fit) console.log(step, loss);
console.log(await trainer.predict([[0, 1]], { as: "argmax" })); // class 1
