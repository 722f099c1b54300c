// What a round does to a training beside its weights: to averages, to what callbacks go back to, to variables that no optimizer trains.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { earlyStopping, terminateOnNaN } from "../../src/callbacks/index.ts";
import { type NatsOptions, nats } from "../../src/nats/index.ts";
import {
  type Context,
  crossEntropy,
  Linear,
  type Module,
  mseLoss,
  Sequential,
  SpectralNorm,
  setTrainable,
  tanh,
} from "../../src/nn/index.ts";
import * as optim from "../../src/optim/index.ts";
import { JsExecutor } from "../../src/runtime/js/js-executor.ts";
import type { Tensor } from "../../src/tensor.ts";
import type { Callback } from "../../src/train/callback.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { Variable } from "../../src/variable.ts";
import { findServer, NatsServer } from "./server.ts";
import { data, trainer } from "./training.ts";

const program = await findServer();
const { adam, asgd, ema, lookahead, sgd, swa } = optim;
/** Of what all members give back, weighed by samples. */
const means = { learningRate: 1, momentum: 0 };

let server: NatsServer;

beforeAll(async () => {
  if (program !== undefined) server = await NatsServer.start(program);
}, 60_000);

afterAll(async () => {
  await server?.stop();
});

function options(run: string, more: Partial<NatsOptions> = {}): NatsOptions {
  return { servers: server.address, run, innerSteps: 5, heartbeat: 200, deadline: 3000, patience: 20_000, ...more };
}

const kinds = {
  ema: () => ema(sgd(0.2), { decay: 0.9 }),
  swa: () => swa(sgd(0.2), { every: 3 }),
  asgd: () => asgd(0.2, { t0: 4 }),
  lookahead: () => lookahead(sgd(0.2), { every: 7 }),
  "ema of lookahead": () => ema(lookahead(sgd(0.2), { every: 4 })),
  "a chain": () => optim.chain(optim.clipByGlobalNorm(1), swa(sgd(0.2))),
  accumulate: () => optim.accumulate(ema(sgd(0.2), { decay: 0.5 }), { steps: 3 }),
  parameterGroups: () => optim.parameterGroups([{ optimizer: lookahead(sgd(0.2), { every: 7 }) }]),
  freeze: () => optim.freeze(ema(sgd(0.2), { decay: 0.5 }), ({ shape }) => shape.length < 2),
};

describe.skipIf(program === undefined)("a round", () => {
  test.each(Object.entries(kinds))(
    "of one member leaves %s as it is without",
    async (name, optimizer) => {
      const [plain, member] = await Promise.all(
        [{}, { distribute: nats(options(`one-${name.replaceAll(" ", "-")}`, { outer: means })) }].map(async (more) => {
          const one = new Trainer(new Sequential(new Linear(2, 16), tanh, new Linear(16, 1)), {
            loss: mseLoss,
            optimizer: optimizer(),
            executor: new JsExecutor(),
          });
          await one.load({ x: data.x, y: data.y.map((side) => [side]) });
          await one.fit({ batch: 30, epochs: 3, ...more });
          const { data: prediction } = await one.predict(data.x);
          const ends = [await one.stateDict(), await one.stateDict({ averaged: true }), prediction];
          await one.dispose();
          return ends;
        }),
      );
      expect(member).toEqual(plain);
    },
    20_000,
  );

  test("whose weights are others than a member comes with has its averages begin there", async () => {
    const first = trainer(1);
    await first.load(data);
    await first.fit({ batch: 30, epochs: 1, distribute: nats(options("joined", { outer: means })) });
    const model = new Sequential(new Linear(2, 16), tanh, new Linear(16, 16), tanh, new Linear(16, 2));
    const late = new Trainer(model, { loss: crossEntropy, optimizer: swa(adam(0.01)), executor: new JsExecutor() });
    await late.load(data);
    await late.fit({ batch: 30, epochs: 1 });
    expect(await late.stateDict({ averaged: true })).not.toEqual(await late.stateDict());
    await late.fit({ batch: 30, epochs: 1, distribute: nats(options("joined", { rounds: 2, outer: means })) });
    expect(await late.stateDict({ averaged: true })).toEqual(await first.stateDict());
    await Promise.all([first.dispose(), late.dispose()]);
  }, 20_000);

  test("is made of what was trained, and best weights are put back after it", async () => {
    const one = trainer(1);
    await one.load(data);
    const weights = async () => (await one.stateDict())["0.weight"].data;
    let [epoch, best, last] = [0, new Float32Array(), new Float32Array()] as [
      number,
      ArrayLike<number>,
      ArrayLike<number>,
    ];
    const look: Callback = {
      // The first epoch is the best one: the others are said to be worse.
      async onEpochEnd() {
        last = await weights();
        if (++epoch === 1) best = last;
      },
    };
    const stopping = earlyStopping({ monitor: "loss", mode: "max", restoreBest: true, patience: 3 });
    const callbacks = [look, stopping];
    const distribute = nats(options("best", { innerSteps: 1000, outer: means, member: "one" }));
    await one.fit({ batch: 30, epochs: 100, callbacks, distribute });
    expect(epoch).toBe(4);
    expect(distribute.round).toMatchObject({ round: 1, members: ["one"] });
    expect(await weights()).toEqual(best);
    // Who comes next is given what the run has.
    await one.fit({
      batch: 30,
      epochs: 1,
      distribute: nats(options("best", { innerSteps: 1000, rounds: 1, outer: means })),
    });
    const joined = await weights();
    for (let i = 0; i < joined.length; i++) expect(joined[i]).toBeCloseTo(last[i], 5);
    expect(joined).not.toEqual(best);
    await one.dispose();
  }, 20_000);

  test("is not made of weights that a callback goes back to after NaN", async () => {
    const one = trainer(1);
    await one.load(data);
    const distribute = nats(options("nan", { outer: means }));
    const breaks: Callback = {
      every: 8,
      async onSteps() {
        const state = await one.stateDict();
        state["4.bias"].data.fill(Number.NaN);
        await one.loadStateDict(state);
      },
    };
    await one.fit({ batch: 30, epochs: 3, callbacks: [breaks, terminateOnNaN()], distribute });
    expect(distribute.round?.round).toBe(1); // after five steps; the end of the first epoch is not reached
    for (const { data } of Object.values(await one.stateDict())) expect(data.every(Number.isFinite)).toBe(true);
    await one.dispose();
  }, 20_000);

  test("keeps singular vectors of one member whole, the same for all", async () => {
    const ends = await Promise.all(
      [1, 2, 3].map(async (seed) => {
        const model = new Sequential(new SpectralNorm(new Linear(2, 16)), tanh, new Linear(16, 2));
        const one = new Trainer(model, { loss: crossEntropy, optimizer: adam(0.05), executor: new JsExecutor(), seed });
        // Each member's rows lie along another axis, so that its vectors point elsewhere.
        const turned = data.x.map(([a]) => [a * Math.cos(seed), a * Math.sin(seed)]);
        await one.load({ x: turned, y: data.y });
        const distribute = nats(options("vectors", { minMembers: 3, rounds: 4, innerSteps: 20 }));
        await one.fit({ batch: 30, epochs: 100, distribute });
        const state = await one.stateDict();
        await one.dispose();
        return state;
      }),
    );
    for (const state of ends) expect(state).toEqual(ends[0]);
    for (const name of ["0.weight_u", "0.weight_v"]) expect(Math.hypot(...ends[0][name].data)).toBeCloseTo(1, 5);
  }, 30_000);

  test("is of members who train the same: one with a frozen layer is refused", async () => {
    const place = options("thawed", { outer: means });
    for (const frozen of [false, true]) {
      const head = new Linear(2, 2);
      if (frozen) setTrainable(head.bias, false);
      const one = new Trainer(head, { loss: crossEntropy, optimizer: sgd(0.1), executor: new JsExecutor() });
      await one.load(data);
      const fit = one.fit({ batch: 30, epochs: 1, distribute: nats(place) });
      if (frozen) await expect(fit).rejects.toThrow(/^nats: the run thawed is of another model/);
      else await fit;
      await one.dispose();
    }
  }, 20_000);

  test("carries no variable that nothing changes, and a frozen one that the model writes", async () => {
    const body = new Linear(2, 512);
    const teacher = new Teacher();
    const model = new Sequential(body, tanh, new Linear(512, 1), teacher);
    setTrainable(body, false);
    teacher.mean.trainable = false;
    const one = new Trainer(model, { loss: mseLoss, optimizer: sgd(0.01), executor: new JsExecutor() });
    const { "0.weight": before } = await one.stateDict();
    await one.load(data);
    const distribute = nats(options("frozen"));
    Object.assign(teacher.mean, { sharing: "median" });
    await expect(one.fit({ batch: 30, epochs: 1, distribute })).rejects.toThrow(
      'nats: sharing of 3.mean must be "mean" or "first" or "own", got "median"',
    );
    teacher.mean.sharing = "mean";
    await one.fit({ batch: 30, epochs: 1, distribute });
    const state = await one.stateDict();
    expect(state["0.weight"]).toEqual(before);
    expect(state["3.mean"].data[0]).toBe(10); // steps
    expect(distribute.round?.round).toBe(2);
    await one.dispose();
    const { connect } = await import("@nats-io/transport-node");
    const { jetstream } = await import("@nats-io/jetstream");
    const { Objm } = await import("@nats-io/obj");
    const connection = await connect({ servers: [server.address] });
    const objects = await (await new Objm(jetstream(connection)).open("simdgrad_weights_frozen")).list();
    await connection.close();
    const sizes = objects.map(({ name, size }) => [name.split(".").slice(0, 2).join("."), size] as const);
    const [change, whole] = ["change.2", "state.2"].map((name) => new Map(sizes).get(name) ?? Number.NaN);
    // 512 weights, two scalars and a header, and beside these 1,536 frozen ones, and the momentum of what is trained.
    expect(change).toBeLessThan(4 * 514 + 400);
    expect(whole).toBeGreaterThan(4 * (514 + 1536 + 513));
  }, 20_000);
});

/** Writes a parameter of its own, frozen as the body of a teacher is: how many steps there were. */
class Teacher implements Module {
  readonly mean = new Variable([], 0);

  forward(x: Tensor, context: Context): Tensor {
    context.assign(this.mean, context.current(this.mean).add(1));
    return x.squeeze(-1);
  }
}
