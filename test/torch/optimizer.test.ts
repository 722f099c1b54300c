// A training that PyTorch saved goes on here as there.
import { ArgumentError, DataError, JsExecutor, ShapeError, Trainer } from "simdgrad";
import { Linear, mseLoss, parameters, Sequential, setTrainable, tanh } from "simdgrad/nn";
import { constantSchedule } from "simdgrad/optim";
import { fromTorchOptimizer, readTorch, type TorchMap, type TorchOptimizerName, torchStateDict } from "simdgrad/torch";
import { describe, expect, test } from "vitest";
import { bytesOf, golden } from "./files.ts";

const model = () => new Sequential(new Linear(3, 4), tanh, new Linear(4, 2));

/** Losses of the next steps, each before its step. */
async function losses(trainer: Trainer, steps: number): Promise<number[]> {
  await trainer.load(golden.data);
  const history = await trainer.fit({ batch: "all", epochs: steps, shuffle: false });
  return history.map(({ loss }) => loss);
}

test.each(Object.entries(golden.trainings))("%s", async (run, { bytes, losses: expected }) => {
  const file = bytesOf(bytes);
  const network = model();
  const names = ["2.weight", "2.bias", "0.weight", "0.bias"];
  const options = /groups/.test(run) ? { model: network, names } : {};
  const optimizer = fromTorchOptimizer(run.split(" ")[0] as TorchOptimizerName, file, options);
  const trainer = new Trainer(network, { loss: mseLoss, optimizer, executor: new JsExecutor() });
  await trainer.loadStateDict(torchStateDict(file));
  const found = await losses(trainer, expected.length);
  expect(found.length).toBe(expected.length);
  for (const [i, loss] of found.entries()) expect(Math.abs(loss - expected[i])).toBeLessThan(1e-5);
});

const checkpoint = (run: string) => readTorch(bytesOf(golden.trainings[run].bytes)) as TorchMap;
const trained = [...parameters(model()).values()];

/** The state with something else in it. */
function changed(run: string, change: (saved: Map<string, never>) => void): TorchMap {
  const saved = checkpoint(run).get("optimizer_state_dict") as never;
  change(saved);
  return saved;
}

describe("what does not fit is refused in words", () => {
  test("another optimizer's state", () => {
    expect(() => fromTorchOptimizer("sgd", checkpoint("adam"))).toThrow(
      "fromTorchOptimizer: momentum, which sgd has, is not in a dictionary of [lr, betas, eps,",
    );
    expect(() => fromTorchOptimizer("adamax", checkpoint("adam"))).toThrow(
      "fromTorchOptimizer: amsgrad is no option that adamax has: another optimizer's?",
    );
    const alike = changed("adam", (saved) => {
      const groups = (saved as ReadonlyMap<string, readonly Map<string, unknown>[]>).get("param_groups");
      groups?.[0].delete("amsgrad");
    });
    expect(() => fromTorchOptimizer("adamax", alike).init(trained)).toThrow(
      "fromTorchOptimizer: exp_inf of parameter 0 was not saved",
    );
    expect(() => fromTorchOptimizer("adam", new Map([["epoch", 1]]))).toThrow(
      "fromTorchOptimizer: no state of an optimizer in a dictionary of [epoch]: say where it is, by key",
    );
    expect(() => fromTorchOptimizer("adam", checkpoint("adam"), { key: "model_state_dict" })).toThrow(DataError);
    expect(() => fromTorchOptimizer("lbfgs" as never, checkpoint("adam"))).toThrow(ArgumentError);
  });

  test.each<[option: string, value: unknown, message: string]>([
    ["betas", [0.9], "betas is a list of 1, not of two numbers"],
    ["betas", [0.9, 0.99, 1], "betas is a list of 3, not of two numbers"],
    ["betas", 0.9, "betas is a number, not of two numbers"],
    ["betas", null, "betas is None, not of two numbers"],
    ["betas", [null, 0.9], "betas.0 is None, no number"],
    ["betas", Array(2), "betas.0 is None, no number"],
    ["betas", ["a", 0.9], "betas is a text, no number"],
    ["betas", [2, 0.9], "in a dictionary of [lr, betas, eps,"],
    ["lr", null, "lr is None, no number"],
    ["lr", Number.NaN, "in a dictionary of [lr, betas, eps,"],
    ["amsgrad", 5, "amsgrad is a number, not True or False"],
    ["zork", 5, "zork is no option that adam has"],
    ["momentum", 0.9, "momentum is no option that adam has"],
    ["__proto__", 1, "__proto__ is no option that adam has"],
  ])("a group whose %s is %o", (option, value, message) => {
    const set = (to: unknown) =>
      changed("adam", (saved) => {
        const groups = (saved as ReadonlyMap<string, readonly Map<string, unknown>[]>).get("param_groups");
        groups?.[0].set(option, to);
      });
    expect(() => fromTorchOptimizer("adam", set(value))).toThrow(DataError);
    expect(() => fromTorchOptimizer("adam", set(value))).toThrow(`fromTorchOptimizer: ${message}`);
  });

  test("but options that change no step", () => {
    const known = { name: "encoder", param_names: ["a"], initial_lr: 0.1, max_lr: 1, fused: true, foreach: null };
    const saved = changed("adam", (state) => {
      const groups = (state as ReadonlyMap<string, readonly Map<string, unknown>[]>).get("param_groups");
      for (const [option, value] of Object.entries(known)) groups?.[0].set(option, value);
    });
    expect(fromTorchOptimizer("adam", saved).init(trained).links).toHaveLength(3);
  });

  test("groups with holes between them", () => {
    const saved = changed("adam", (state) => {
      (state as unknown as Map<string, unknown>).set("param_groups", Array(1));
    });
    expect(() => fromTorchOptimizer("adam", saved)).toThrow("fromTorchOptimizer: no state of an optimizer in");
  });

  test("parameters that are not those that were trained", () => {
    const optimizer = fromTorchOptimizer("adam", checkpoint("adam"));
    expect(() => optimizer.init(trained.slice(1))).toThrow(
      "fromTorchOptimizer: 4 parameters were trained, and here are 3: say which they are, by model and names",
    );
    expect(() => optimizer.init(trained.toReversed())).toThrow(ShapeError);
    expect(() => optimizer.init(trained.toReversed())).toThrow(
      "fromTorchOptimizer: exp_avg of parameter 0 is [4, 3], and the parameter here [2]",
    );
    const [one, names] = [model(), ["2.weight", "2.bias", "0.weight", "1.bias"]];
    expect(() => fromTorchOptimizer("adamW", checkpoint("adamW groups"), { model: one, names })).toThrow(
      "fromTorchOptimizer: names.3: the model has no 1.bias",
    );
    expect(() => fromTorchOptimizer("adam", checkpoint("adam"), { model: one }).init(trained)).toThrow(
      "fromTorchOptimizer: weight is not among those that were trained",
    );
    expect(() => fromTorchOptimizer("adam", checkpoint("adam"), { names })).toThrow(ArgumentError);
  });

  test("steps that are not the same, and what was never trained", () => {
    const uneven = changed(
      "adam",
      (saved) => void (saved.get("state") as Map<number, Map<string, number>> | undefined)?.get(0)?.set("step", 3),
    );
    expect(() => fromTorchOptimizer("adam", uneven)).toThrow(
      "fromTorchOptimizer: the parameters made [3, 5] steps: only those of one number go on",
    );
    const frozen = changed("adam", (saved) => void (saved.get("state") as Map<number, unknown> | undefined)?.delete(1));
    expect(() => fromTorchOptimizer("adam", frozen).init(trained)).toThrow(
      "fromTorchOptimizer: exp_avg of parameter 1 was not saved: what was never trained is to be frozen, by setTrainable()",
    );
    const fresh = changed("adam", (saved) => void (saved.get("state") as Map<number, unknown> | undefined)?.clear());
    expect(fromTorchOptimizer("adam", fresh).init(trained).links).toHaveLength(3);
  });

  test("a rate for several groups", () => {
    expect(() => fromTorchOptimizer("adamW", checkpoint("adamW groups"), { learningRate: 0.1 })).toThrow(
      "fromTorchOptimizer: learningRate is for one group of parameters, and there are 2",
    );
  });
});

describe("a body that was frozen there, whose parameters torch's optimizer got, too", () => {
  const saved = () =>
    changed("adam", (all) => {
      for (const id of [0, 1]) (all.get("state") as Map<number, unknown> | undefined)?.delete(id);
    });
  const moments = async (network: Sequential, options: object) => {
    setTrainable(network.layers[0], false);
    const optimizer = fromTorchOptimizer("adam", saved(), options);
    const trainer = new Trainer(network, { loss: mseLoss, optimizer, executor: new JsExecutor() });
    const snapshot = await trainer.snapshot();
    return [0, 1].map((parameter) => snapshot[`optimizer.links.1.0.${parameter}`].data);
  };

  test.each([
    ["nothing is said", () => ({})],
    ["the model is", (model: Sequential) => ({ model })],
    ["the trained ones are", (model: Sequential) => ({ model, names: ["2.weight", "2.bias"] })],
    ["all are", (model: Sequential) => ({ model, names: ["0.weight", "0.bias", "2.weight", "2.bias"] })],
  ])("is frozen here: %s", async (_, options) => {
    const network = model();
    const states = saved().get("state") as never as ReadonlyMap<number, ReadonlyMap<string, { data: Float32Array }>>;
    const expected = [2, 3].map((id) => states.get(id)?.get("exp_avg")?.data);
    expect(await moments(network, options(network))).toEqual(expected);
  });

  test("is not frozen, or otherwise, and is told", () => {
    expect(() => fromTorchOptimizer("adam", saved()).init(trained)).toThrow(
      "exp_avg of parameter 0 was not saved: what was never trained is to be frozen",
    );
    expect(() => fromTorchOptimizer("adam", saved()).init(trained.slice(1))).toThrow(
      "fromTorchOptimizer: 2 of 4 parameters were trained, and here are 3: say which they are, by model and names",
    );
    expect(() => fromTorchOptimizer("adam", saved()).init(trained.slice(0, 2))).toThrow(ShapeError);
  });
});

test("a schedule goes on at the step that was saved, or that is said", async () => {
  const seen: number[] = [];
  for (const step of [undefined, 7]) {
    const network = model();
    const optimizer = fromTorchOptimizer("adam", checkpoint("adam"), { learningRate: constantSchedule(0.01), step });
    const trainer = new Trainer(network, { loss: mseLoss, optimizer, executor: new JsExecutor() });
    const { "optimizer.step": count } = await trainer.snapshot();
    seen.push(count.data[0]);
  }
  expect(seen).toEqual([5, 7]);
});

test("what AdamW of PyTorch 2 saves says itself that its decay is decoupled", async () => {
  const file = checkpoint("adamW");
  const [group] =
    (file.get("optimizer_state_dict") as never as Map<string, Map<string, unknown>[]>).get("param_groups") ?? [];
  group?.set("decoupled_weight_decay", true);
  const optimizer = fromTorchOptimizer("adam", file);
  const trainer = new Trainer(model(), { loss: mseLoss, optimizer, executor: new JsExecutor() });
  await trainer.loadStateDict(torchStateDict(file));
  const expected = golden.trainings.adamW.losses;
  for (const [i, loss] of (await losses(trainer, 10)).entries())
    expect(Math.abs(loss - expected[i])).toBeLessThan(1e-5);
  group?.set("decoupled_weight_decay", false);
  expect(() => fromTorchOptimizer("adamW", file)).toThrow("what was saved is adam's, not adamW's");
});
