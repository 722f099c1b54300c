// Members of a run, on a server of Debian's that is started here, and taken away: what they hold, what is refused, in which words.
import { readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { Objm } from "@nats-io/obj";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ArgumentError, DataError, UnsupportedError } from "../../src/errors.ts";
import { type NatsOptions, NetworkError, nats, runs, serveTrials } from "../../src/nats/index.ts";
import { digestOf, packChange } from "../../src/nats/parcel.ts";
import { BatchNorm1d, crossEntropy, GRU, Linear, mseLoss, Sequential, Stateful } from "../../src/nn/index.ts";
import { adam, sgd } from "../../src/optim/index.ts";
import { JsExecutor } from "../../src/runtime/js/js-executor.ts";
import type { Tensor } from "../../src/tensor.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { openStudy, type Trial, uniform } from "../../src/tune/index.ts";
import { findServer, NatsServer } from "./server.ts";
import { data, train, trainer } from "./training.ts";

const program = await findServer();
if (program === undefined)
  console.warn("no nats-server here, and Debian's package cannot be had: its tests are skipped");

const quick = { innerSteps: 20, heartbeat: 200, deadline: 3000, patience: 20_000 };

let server: NatsServer;

beforeAll(async () => {
  if (program === undefined) return;
  server = await NatsServer.start(program);
}, 60_000);

afterAll(async () => {
  await server?.stop();
});

function options(run: string, more: Partial<NatsOptions> = {}): NatsOptions {
  return { servers: server.address, run, ...quick, ...more };
}

describe.skipIf(program === undefined)("a run", () => {
  test.each([
    ["f32", {}],
    ["f16", {}],
    ["f32", { outer: { learningRate: 1, momentum: 0 } }],
  ] as const)(
    "three members hold the same bits after each round (%s, %o)",
    async (precision, more) => {
      const run = `three-${precision}-${Object.keys(more).length}`;
      const addresses = [server.address, server.address, server.webSocket];
      const all = await Promise.all(
        addresses.map((servers, i) => train(options(run, { servers, precision, minMembers: 3, ...more }), i)),
      );
      // 10 epochs of 10 steps are five rounds of 20 steps.
      for (const { digests, distribute } of all) {
        expect(digests).toHaveLength(6);
        expect(digests.slice(1)).toEqual(all[0].digests.slice(1));
        expect(distribute.round?.members).toHaveLength(3);
      }
      expect(new Set(all[0].digests.slice(1)).size).toBe(5);
      // Of five rounds the server keeps the states and changes of the last ones alone.
      const connection = await connect({ servers: [server.address] });
      const marks = { subjects_filter: `$O.simdgrad_weights_${run}.M.>` }; // which a store's own way of deleting leaves
      const { state } = await (await jetstreamManager(connection)).streams.info(`OBJ_simdgrad_weights_${run}`, marks);
      expect(state.consumer_count).toBe(0);
      const objects = await (await new Objm(jetstream(connection)).open(`simdgrad_weights_${run}`)).list();
      await connection.close();
      expect(Object.keys(state.subjects ?? {})).toHaveLength(objects.length);
      const names = objects.map(({ name }) => name);
      expect(names.filter((name) => name.startsWith("state.")).length).toBeLessThanOrEqual(3);
      expect(names.filter((name) => name.startsWith("change.")).length).toBeLessThanOrEqual(9);
    },
    60_000,
  );

  test("one that joins later begins with the run's weights, and one alone goes on", async () => {
    const first = await train(options("later"), 1, 6);
    const second = await train(options("later"), 2, 4);
    expect(first.distribute.round?.round).toBe(3);
    expect(second.distribute.round?.round).toBe(5);
    expect(second.loss).toBeLessThan(first.loss + 0.05);
  }, 60_000);

  test("members that are told how many rounds there are end with one model, and so does who comes after them", async () => {
    const rounds = { rounds: 4, minMembers: 2, deadline: 20_000 };
    const both = await Promise.all([1, 2].map((seed) => train(options("ended", rounds), seed, 50)));
    expect(both.map(({ distribute }) => distribute.round?.round)).toEqual([4, 4]);
    const late = await train(options("ended", { rounds: 4 }), 3, 50);
    expect(late.loss).toBeNaN();
    expect(late.distribute.round?.round).toBe(4);
    expect(new Set([...both, late].map(({ distribute }) => distribute.round?.digest)).size).toBe(1);
  }, 60_000);

  test("who is stopped waits for nobody, for members or a server", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const other = await NatsServer.start(program as string);
    const one = trainer(1);
    await one.load(data);
    const waits = (servers: string) =>
      one.fit({
        batch: 30,
        epochs: 10,
        distribute: nats(options("stopped", { servers, minMembers: 2, deadline: 500 })),
      });
    const fit = waits(server.address);
    void fit.done;
    await expect
      .poll(() => warn.mock.calls.join(), { timeout: 10_000 })
      .toBe("simdgrad: nats: round 1 of 1 members waits for more: minMembers is 2");
    await fit.stop();
    expect((await fit).length).toBe(2); // twenty steps of ten an epoch
    const controller = new AbortController();
    const distribute = nats(options("stopped", { servers: other.address, patience: 600_000 }));
    let steps = 0;
    const away = one.fit({
      batch: 30,
      epochs: 1000,
      signal: controller.signal,
      callbacks: [{ every: 20, onSteps: async () => void (++steps === 3 && (await other.kill())) }],
      distribute,
    });
    setTimeout(() => controller.abort(), 700);
    await away;
    expect(distribute.round?.round).toBeGreaterThanOrEqual(2);
    await one.dispose();
    await other.stop();
    warn.mockRestore();
  }, 30_000);

  test("states of sequences stay with their member", async () => {
    const ends = await Promise.all(
      [1, 2].map(async (seed) => {
        const memory = new Stateful(new GRU(1, 2, { batchFirst: true }), 2);
        const one = new Trainer(new Sequential(memory, (x: Tensor) => x.sum([1, 2])), {
          loss: mseLoss,
          optimizer: sgd(0.01),
          executor: new JsExecutor(),
          seed,
        });
        await one.load({ x: { data: Float32Array.of(seed, seed, -seed, seed), shape: [2, 2, 1] }, y: [seed, 0] });
        const distribute = nats(options("sequences", { innerSteps: 2, minMembers: 2, rounds: 3 }));
        await one.fit({ batch: 2, epochs: 10, distribute });
        const { h, ...shared } = await one.stateDict().then((state) => {
          const entries = Object.entries(state).map(([name, { data }]) => [name.replace(/^0\./, ""), [...data]]);
          return Object.fromEntries(entries) as Record<string, number[]>;
        });
        await one.dispose();
        return { h, shared };
      }),
    );
    expect(ends[0].shared).toEqual(ends[1].shared);
    expect(ends[0].h).not.toEqual(ends[1].h);
  }, 30_000);

  test("what does not fit the run is refused in words", async () => {
    await train(options("settings"), 1, 2);
    await expect(train(options("settings", { innerSteps: 10 }), 1)).rejects.toThrow(
      new DataError("nats: the run settings has innerSteps 20, this member 10"),
    );
    await expect(train(options("settings", { heartbeat: 250 }), 1)).rejects.toThrow(
      new DataError("nats: the run settings has heartbeat 200, this member 250"),
    );
    await expect(train(options("settings"), 1, 2, 8)).rejects.toThrow(
      /the run settings is of another model: its variables have other names/,
    );
    const connection = await connect({ servers: [server.address] });
    await jetstream(connection).publish("$KV.simdgrad_run_settings.settings", JSON.stringify({ version: 2 }));
    await expect(train(options("settings"), 1)).rejects.toThrow(
      new UnsupportedError("nats: the record of the run is of version 2; this member speaks version 1"),
    );
    await connection.close();
    await expect(train(options("none", { servers: "nats://127.0.0.1:1" }), 1)).rejects.toThrow(NetworkError);
  }, 60_000);

  test("foreign messages, and changes that are broken, are nobody's", async () => {
    const connection = await connect({ servers: [server.address] });
    const js = jetstream(connection);
    const running = train(options("foreign"), 1, 12);
    await wait(300);
    const change = { version: 1, member: "x", samples: 5, object: "change.1.x", digest: "0" };
    for (const text of ["", "no JSON", "{}", '{"version":1,"member":"y"}', "null"])
      await js.publish("$KV.simdgrad_run_foreign.change.x", text);
    for (let round = 1; round < 8; round++)
      await js.publish("$KV.simdgrad_run_foreign.change.x", JSON.stringify({ ...change, round }));
    for (let round = 1; round < 8; round++) {
      const text = JSON.stringify({ ...change, round, member: "z" }).replace('"samples":5', '"samples":1e999');
      await js.publish("$KV.simdgrad_run_foreign.change.z", text);
    }
    const { distribute } = await running;
    expect(distribute.round?.round).toBe(6);
    expect(distribute.round?.members).toEqual([distribute.member]);
    await js.publish("$KV.simdgrad_members_foreign.noise", "no JSON");
    await js.publish(
      "$KV.simdgrad_members_foreign.other",
      JSON.stringify({ version: 1, round: "\u001b[31m", rows: 7 }),
    );
    const [told] = await runs({ servers: server.address, run: "foreign" });
    expect(told).toMatchObject({ round: 6, innerSteps: 20, members: [{ member: "other", rows: 7 }] });
    expect(told.members[0].round).toBeUndefined();
    await connection.close();
  }, 60_000);

  test("objects that are too large, hold NaN, are not what was announced, or never come, are left out", async () => {
    await train(options("hostile", { member: "me" }), 1, 2);
    const connection = await connect({ servers: [server.address] });
    const js = jetstream(connection);
    const objects = await new Objm(js).open("simdgrad_weights_hostile");
    const meta = (name: string) => `$O.simdgrad_weights_hostile.M.${Buffer.from(name).toString("base64url")}`;
    const say = async (member: string, bytes: Uint8Array<ArrayBuffer>, digest?: string) => {
      const object = `change.2.${member}`;
      await objects.putBlob({ name: object }, bytes);
      const record = { version: 1, member, round: 2, samples: 5, object, digest: digest ?? (await digestOf(bytes)) };
      await js.publish(`$KV.simdgrad_run_hostile.change.${member}`, JSON.stringify(record));
      return (await objects.info(object)) as object;
    };
    const weights = await trainer(1).stateDict();
    const [name] = Object.keys(weights);
    weights[name].data[0] = Number.NaN;
    await say("nan", packChange(weights, "f32"));
    await say("other", packChange({}, "f32"), "0");
    const large = new Uint8Array(2 ** 23);
    await say("large", large);
    // These say that they are small: one has more, the other has nothing.
    await js.publish(meta("change.2.liar"), JSON.stringify({ ...(await say("liar", large)), size: 100 }));
    const empty = { ...(await say("empty", large)), size: 100, nuid: "none" };
    await js.publish(meta("change.2.empty"), JSON.stringify(empty));
    await js.publish(meta("change.2.broken"), "no JSON");
    await js.publish(
      "$KV.simdgrad_run_hostile.change.broken",
      JSON.stringify({ version: 1, member: "broken", round: 2, samples: 5, object: "change.2.broken", digest: "0" }),
    );
    const { distribute } = await train(options("hostile", { member: "me", deadline: 500 }), 1, 2);
    expect(distribute.round).toMatchObject({ round: 2, members: ["me"] });
    // Alone, the large one costs no more than its name.
    for (const other of ["liar", "empty"]) await js.publish(`$KV.simdgrad_run_hostile.change.${other}`, "");
    const large3 = { version: 1, member: "large", round: 3, samples: 5, object: "change.2.large" };
    const record = { ...large3, digest: await digestOf(large) };
    await js.publish("$KV.simdgrad_run_hostile.change.large", JSON.stringify(record));
    const watched = await connect({ servers: [server.address] });
    const status = vi.spyOn(watched, "status");
    const { servers: _, ...place } = options("hostile", { member: "me" });
    const third = await train({ ...place, connection: watched }, 1, 2);
    expect(third.distribute.round).toMatchObject({ round: 3, members: ["me"] });
    expect(watched.stats().inBytes).toBeLessThan(2 ** 20);
    expect(watched.isClosed()).toBe(false);
    await (status.mock.results[0].value as { iterClosed: Promise<unknown> }).iterClosed; // nothing of the run listens on
    await watched.close();
    await connection.close();
  }, 60_000);

  test("a member whose own change cannot be averaged is told so", async () => {
    const one = trainer(1);
    await one.load(data);
    const leap = {
      every: 30,
      async onSteps() {
        const weights = await one.stateDict();
        weights["0.bias"].data[0] = 1e6;
        await one.loadStateDict(weights);
      },
    };
    const distribute = nats(options("leaps", { precision: "f16", member: "me" }));
    await expect(one.fit({ batch: 30, epochs: 10, callbacks: [leap], distribute })).rejects.toThrow(
      new DataError("nats: the change of me does not fit: 0.bias holds NaN or an infinity"),
    );
    await one.dispose();
  }, 60_000);

  test("forged rounds and changes end in words, or are left out", async () => {
    const { digests } = await train(options("forged", { member: "me" }), 1, 4);
    expect(digests).toHaveLength(3);
    const connection = await connect({ servers: [server.address] });
    const js = jetstream(connection);
    const objects = await new Objm(js).open("simdgrad_weights_forged");
    const records = await new Kvm(js).open("simdgrad_run_forged");
    const { id } = JSON.parse((await records.get("settings"))?.string() ?? "");
    const round = async (number: number, state: Uint8Array<ArrayBuffer>) => {
      await objects.putBlob({ name: "forged" }, state);
      const record = { version: 1, id, round: number, changes: [], object: "forged", digest: await digestOf(state) };
      await js.publish("$KV.simdgrad_run_forged.round", JSON.stringify(record));
    };
    const weights = await trainer(1).stateDict();
    const [name] = Object.keys(weights);
    const again = () => train(options("forged", { member: "me", deadline: 500 }), 1, 2);
    await round(4, packChange({ [name]: weights[name] }, "f32"));
    await expect(again()).rejects.toThrow(
      new DataError("nats: the state of round 4 does not fit: it has other variables"),
    );
    weights[name].data[0] = Number.NaN;
    await round(5, packChange(weights, "f32"));
    await expect(again()).rejects.toThrow(/^nats: the state of round 5 does not fit: .* holds NaN or an infinity/);
    for (const number of [1e300, -7.5]) {
      await round(number, packChange(weights, "f32"));
      await expect(again()).rejects.toThrow(new DataError(`nats: the record of a round has round ${number}`));
    }
    weights[name].data[0] = 0;
    await round(6, packChange(weights, "f32"));
    // Half as many numbers as their shapes say, and numbers that overflow.
    const halves = Object.entries(weights).map(([key, { data, shape }]) => [
      key,
      { data: new Uint8Array(data.length), shape: [...shape, 1] },
    ]);
    const large = Object.entries(weights).map(([key, { data, shape }]) => [
      key,
      { data: data.map(() => 3.4e38), shape },
    ]);
    for (const [member, change] of [
      ["halves", halves],
      ["large", large],
    ] as const) {
      const bytes = packChange(Object.fromEntries(change), "f32");
      await objects.putBlob({ name: member }, bytes);
      const told = { version: 1, member, round: 7, samples: 2 ** 50, object: member, digest: await digestOf(bytes) };
      await js.publish(`$KV.simdgrad_run_forged.change.${member}`, JSON.stringify(told));
    }
    expect((await again()).distribute.round).toMatchObject({ round: 7, members: ["me"] });
    await connection.close();
  }, 60_000);

  test("a run that was begun anew ends who was in the one before, and is no trouble for the others", async () => {
    const connection = await connect({ servers: [server.address] });
    const streams = (await jetstreamManager(connection)).streams;
    const one = trainer(1);
    await one.load(data);
    const distribute = nats(options("anew", { minMembers: 2, deadline: 500, patience: 5000 }));
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const waiting = one.fit({ batch: 30, epochs: 4, distribute });
    const ended = expect(waiting).rejects.toThrow(/^nats: the run anew was begun anew, or its server lost it/);
    await expect.poll(() => warn.mock.calls.length, { timeout: 10_000 }).toBeGreaterThan(0);
    const again = trainer(1);
    await again.load(data);
    await expect(again.fit({ batch: 30, epochs: 1, distribute })).rejects.toThrow(
      new ArgumentError("nats: it is in a fit: each fit takes one of its own"),
    );
    for (const name of ["KV_simdgrad_run_anew", "KV_simdgrad_members_anew", "OBJ_simdgrad_weights_anew"])
      await streams.delete(name);
    const other = await train(options("anew", { deadline: 500 }), 2, 4);
    await ended;
    expect(other.digests.filter((digest) => digest !== undefined)).toHaveLength(3);
    await again.fit({ batch: 30, epochs: 2, distribute: nats(options("anew")) });
    await Promise.all([one.dispose(), again.dispose(), connection.close()]);
    warn.mockRestore();
  }, 60_000);

  test("a server that stays away longer than there is patience ends the fit, and the weights stay", async () => {
    const away = await NatsServer.start(program as string);
    try {
      const one = trainer(1);
      await one.load(data);
      const distribute = nats({ ...options("away"), servers: away.address, patience: 1000 });
      const goesAway = { every: 50, onSteps: () => away.kill() };
      const training = one.fit({ batch: 30, epochs: 1000, callbacks: [goesAway], distribute });
      await expect(training).rejects.toThrow(NetworkError);
      expect(distribute.round?.round).toBeGreaterThan(0);
      expect((await one.fit({ batch: 30, epochs: 1 })).at(-1)?.loss).toBeLessThan(0.7); // it goes on alone
      await one.dispose();
    } finally {
      await away.stop();
    }
  }, 60_000);
});

describe.skipIf(program === undefined)("trials of a study", () => {
  test("reports are judged where the study is, artifacts come along, errors are the objective's", async () => {
    const over = new AbortController();
    const place = { servers: server.address, run: "judged", patience: 10_000 };
    const seen: number[] = [];
    const serving = serveTrials<{ readonly x: number }>({
      ...place,
      signal: over.signal,
      onTrial: (trial) => seen.push(trial),
      objective: async (trial) => {
        await trial.report(0, trial.values.x);
        if (trial.shouldPrune()) return "pruned";
        if (trial.number === 3) throw new DataError("no such thing");
        return { value: trial.values.x, artifact: Uint8Array.of(trial.number) };
      },
    });
    const pruner = { name: "the second", shouldPrune: ({ number }: { readonly number: number }) => number === 1 };
    const study = await openStudy({ space: { x: uniform(0, 1) }, pruner });
    const connection = await connect({ servers: [server.address] });
    const publish = () => connection.publish("simdgrad.trials.judged.job.x", "no JSON"); // foreign, and nobody's
    const foreign = setInterval(publish, 20);
    await study.trials(3, { distribute: nats(options("judged")) });
    clearInterval(foreign);
    await connection.close();
    expect(study.history.map(({ state }) => state)).toEqual(["complete", "pruned", "complete"]);
    expect(await study.bestArtifact()).toEqual(Uint8Array.of(study.best?.number ?? -1));
    await expect(study.trials(4, { distribute: nats(options("judged")) })).rejects.toThrow(/^no such thing$/);
    expect(seen).toEqual([0, 1, 2, 3]);
    over.abort();
    await serving;
  }, 60_000);
});

test.skipIf(program === undefined)(
  "running statistics are averaged, whatever the outer step",
  async () => {
    const model = new Sequential(new BatchNorm1d(2), new Linear(2, 2));
    const one = new Trainer(model, { loss: crossEntropy, optimizer: adam(0.01), seed: 0 });
    const small = { ...data, x: data.x.map((row) => row.map((value) => 0.01 * value)) };
    await one.load(small);
    await one.fit({ batch: 30, epochs: 10, distribute: nats(options("statistics")) });
    const state = await one.stateDict();
    expect(Array.from(state["0.num_batches_tracked"].data)).toEqual([10 * (data.x.length / 30)]);
    for (const variance of state["0.running_var"].data) expect(variance).toBeGreaterThan(0);
    expect((await one.evaluate(small)).loss).toBeLessThan(2);
    await one.dispose();
  },
  60_000,
);

describe.skipIf(program === undefined)("rights", () => {
  const all = "{ user: all, password: p }";

  test("who may not speak is told so, and its training is not lost", async () => {
    const mute = '{ user: mute, password: p, permissions: { publish: { deny: ["$KV.>"] } } }';
    const strict = await NatsServer.start(program as string, `authorization { users: [ ${all}, ${mute} ] }`);
    try {
      const given = { ...options("rights"), servers: strict.address };
      await expect(train(given, 1)).rejects.toThrow(/Authorization/);
      const one = trainer(1);
      await one.load(data);
      const distribute = nats({ ...given, connect: { user: "mute", pass: "p" } });
      await expect(one.fit({ epochs: 2, distribute })).rejects.toThrow(/^nats: joining: PermissionViolationError/);
      expect(Object.keys(await one.stateDict())).toHaveLength(6);
      // Whose right is taken away while it trains has its weights, too.
      const revoked = nats({ ...given, connect: { user: "all", pass: "p" } });
      const revoke = { every: 50, onSteps: () => strict.configure(`authorization { users: [ ${mute} ] }`) };
      const training = one.fit({ batch: 30, epochs: 1000, callbacks: [revoke], distribute: revoked });
      await expect(training).rejects.toThrow(NetworkError);
      expect(revoked.round?.round).toBeGreaterThan(0);
      expect((await one.fit({ batch: 30, epochs: 1 })).at(-1)?.loss).toBeLessThan(0.7);
      await one.dispose();
    } finally {
      await strict.stop();
    }
  }, 60_000);

  test("the rights that the guide gives are enough for what they are for, and for no more", async () => {
    const guide = await readFile(new URL("../../docs/distributed.md", import.meta.url), "utf8");
    const [, block] = /```text\n(authorization[^`]*)```/.exec(guide) as unknown as string[];
    const strict = await NatsServer.start(program as string, block.replaceAll(/password: \$\w+/g, "password: p"));
    try {
      const given = { ...options("digits"), servers: strict.address, connect: { user: "a", pass: "p" } };
      const { distribute } = await train({ ...given, member: "a" }, 1, 6);
      expect(distribute.round).toMatchObject({ round: 3, members: ["a"] });
      await expect(train({ ...given, member: "b" }, 1)).rejects.toThrow(NetworkError);
      const as = (user: string) => ({ servers: strict.address, connect: { user, pass: "p" } });
      expect((await runs(as("eyes"))).map(({ run, round }) => [run, round])).toEqual([["digits", 3]]);
      const over = new AbortController();
      const objective = async (trial: Trial) => {
        await trial.report(0, 1);
        return { value: 1, artifact: new Uint8Array(3) };
      };
      const serving = serveTrials({ ...as("search"), run: "search", objective, signal: over.signal });
      const study = await openStudy({ space: { x: uniform(0, 1) } });
      await study.trials(1, { distribute: nats({ ...as("search"), run: "search" }) });
      over.abort();
      await serving;
      expect(study.history).toMatchObject([{ state: "complete" }]);
      const connection = await connect({ servers: strict.address, user: "a", pass: "p" });
      const { streams } = await jetstreamManager(connection);
      await expect(streams.purge("KV_simdgrad_run_digits")).rejects.toThrow(/Permission/);
      await expect(streams.delete("OBJ_simdgrad_weights_digits")).rejects.toThrow(/Permission/);
      await connection.close();
    } finally {
      await strict.stop();
    }
  }, 60_000);
});
