// The game as a program of its own.
import { BATCH, type Data, type GameOptions, games, HIDDEN } from "./gan.ts";

/** The lines that draw points of the data. */
function drawn(data: Data, points: GameOptions["points"]): string {
  if (data === "own")
    return `const points = constant([${points.map(([x, y]) => `[${x}, ${y}]`).join(", ")}]); // yours
  const which = share.mul(${points.length}).floor().cast("i32");
  return points.gather(which).add(noise.mul(0.04));`;
  if (data === "ring")
    return `const angle = share.mul(8).floor().mul(Math.PI / 4); // eight clusters on a ring
  return stack([angle.cos(), angle.sin()], 1).mul(0.8).add(noise.mul(0.04));`;
  return `const far = share.sqrt(); // a spiral
  const angle = far.mul(3 * Math.PI);
  return stack([angle.cos(), angle.sin()], 1).mul(far.unsqueeze(1)).add(noise.mul(0.02));`;
}

/** The program that makes so many steps as the page does, and prints the generator's loss at the last one. */
export function ganCode({ data, game, points, seed }: GameOptions, steps: number): string {
  const isStandard = game !== "wasserstein";
  const { generator, critic, beta2, turns } = games[game];
  const names = [
    "compile",
    "compileInit",
    ...(data === "own" ? ["constant"] : []),
    "foldIn",
    "grad",
    "normal",
    "type RandomKey",
    "randomKey",
    ...(data === "own" ? [] : ["stack"]),
    "stopGradient",
    "type Tensor",
    "uniform",
    "WasmExecutor",
  ];
  const losses = isStandard
    ? `const says = (logits: Tensor, isReal: number) => binaryCrossEntropyWithLogits(logits, logits.like(isReal));
const wrong = says(judges(real), 1).add(says(judges(fake), 0));
const fooled = says(judgement, 1);`
    : `// Between real and made points the critic's slope is to be 1.
const between = fake.add(uniform(judgeKey("between"), [BATCH, 1]).mul(real.sub(fake)));
const [steepness] = grad(judges(between).sum(), [between]);
const penalty = steepness.norm(-1).sub(1).square().mean().mul(0.1);
const wrong = judges(fake).mean().sub(judges(real).mean()).add(penalty);
const fooled = judgement.mean().neg();`;
  const layers = [
    ...(isStandard ? ["binaryCrossEntropyWithLogits"] : []),
    "evaluationContext",
    "forward",
    "Linear",
    "leakyRelu",
    "parameters",
    "Sequential",
    "variables",
  ];
  return `// Two networks play: one makes points of noise, the other tells them from real ones. ${steps.toLocaleString("en")} step${steps === 1 ? "" : "s"}.
import { ${names.join(", ")} } from "simdgrad";
import { ${layers.join(", ")} } from "simdgrad/nn";
import { adam } from "simdgrad/optim";

const [BATCH, SEED] = [${BATCH}, ${seed}];

const slope = (x: Tensor) => leakyRelu(x, 0.2);
const network = (out: number) =>
  new Sequential(new Linear(2, ${HIDDEN}), slope, new Linear(${HIDDEN}, ${HIDDEN}), slope, new Linear(${HIDDEN}, out));
const [generator, critic] = [network(2), network(1)];
const [made, judged] = [generator, critic].map((model) => [...parameters(model).values()]);
const making = adam(${generator}, { beta1: 0.5, beta2: ${beta2} });
const judging = adam(${critic}, { beta1: 0.5, beta2: ${beta2} });
const states = { making: making.init(made), judging: judging.init(judged) };

/** Points of the data, others at each step. */
function dataPoints(key: (name: string) => RandomKey): Tensor {
  const share = uniform(key("share"), [BATCH]);
  const noise = normal(key("spread"), [BATCH, 2]);
  ${drawn(data, points)}
}

const context = evaluationContext();
const keyed = (turn: string, step: Tensor) => (name: string) => foldIn(randomKey(SEED, \`\${turn} \${name}\`), step);
const makes = (key: RandomKey) => forward(generator, normal(key, [BATCH, 2]), context);
const judges = (x: Tensor) => forward(critic, x, context);

const judgeKey = keyed("judge", states.judging.step);
const real = dataPoints(judgeKey);
const fake = stopGradient(makes(judgeKey("noise")));
const judgement = judges(makes(keyed("make", states.making.step)("noise")));
${losses}

const judge = compile({
  outputs: { loss: wrong },
  assignments: judging.update(grad(wrong, judged), states.judging, judged),
});
const make = compile({
  outputs: { loss: fooled },
  assignments: making.update(grad(fooled, made), states.making, made),
});

const executor = new WasmExecutor({ build: "portable" }); // the same bits on every machine
await executor.step(await executor.load(compileInit(variables({ generator, critic, states }), SEED)));
const [judgeTurn, makeTurn] = [await executor.load(judge), await executor.load(make)];
await executor.run([[judgeTurn, ${turns}], [makeTurn, 1]], { repeat: ${steps} }).done;
const [loss] = await executor.read({ program: makeTurn, name: "loss" });
console.log("generator's loss at the last step:", loss);
await executor.dispose();
`;
}
