// What a server loses, what it refuses, what members say that is not so, and what is left of a run: others end in words, or go on.
import { type AddressInfo, createServer, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import { Objm } from "@nats-io/obj";
import { connect } from "@nats-io/transport-node";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ArgumentError } from "../../src/errors.ts";
import {
  latestRound,
  type NatsOptions,
  NetworkError,
  nats,
  removeRun,
  runs,
  searches,
  serveTrials,
} from "../../src/nats/index.ts";
import { Objects } from "../../src/nats/objects.ts";
import { digestOf, packAnchor, packChange } from "../../src/nats/parcel.ts";
import { openStudy, uniform } from "../../src/tune/index.ts";
import { Ground, isServerMissing } from "./ground.ts";
import { data, train, trainer } from "./training.ts";

const ground = new Ground();

afterEach(() => {
  vi.restoreAllMocks();
});

function options(run: string, more: Partial<NatsOptions> = {}): NatsOptions {
  const quick = { innerSteps: 20, heartbeat: 200, deadline: 500, patience: 10_000 };
  return { servers: ground.server.address, run, ...quick, ...more };
}

const jetStream = () => jetstream(ground.connection);

/** Announces a change of a round, which changes nothing, of a member that gives no sign of life. */
async function announcer(run: string) {
  const objects = await new Objm(jetStream()).create(`simdgrad_weights_${run}`);
  const weights = await trainer(1).stateDict();
  for (const { data } of Object.values(weights)) data.fill(0);
  const bytes = packChange(weights, "f32");
  const digest = await digestOf(bytes);
  return async (member: string, round: number, samples: number) => {
    const object = `change.${round}.${member}`;
    await objects.putBlob({ name: object }, bytes);
    const record = { version: 1, member, round, samples, object, digest };
    await jetStream().publish(`$KV.simdgrad_run_${run}.change.${member}`, JSON.stringify(record));
  };
}

describe.skipIf(isServerMissing)("a member", () => {
  test.each([
    ["an older store", (records: KV, texts: readonly string[]) => restore(records, texts)],
    ["no record of a round", (records: KV) => records.delete("round")],
  ])(
    "of a server that came back with %s keeps its weights, and is told so",
    async (what, act) => {
      const run = what.replaceAll(" ", "-");
      const records = await new Kvm(jetStream()).create(`simdgrad_run_${run}`, { allow_direct: false });
      const texts: string[] = [];
      const losing = {
        every: 20,
        onSteps: async () => {
          if (texts.length < 3)
            for (const key of ["settings", "round"]) texts.push((await records.get(key))?.string() ?? "");
          else if (texts.length === 4) await act(records, texts);
          texts.push("");
        },
      };
      const one = trainer(1);
      await one.load(data);
      const training = one.fit({ batch: 30, epochs: 1000, callbacks: [losing], distribute: nats(options(run)) });
      await expect(training).rejects.toThrow(/^nats: the run .* was begun anew, or its server lost it/);
      await one.dispose();
    },
    30_000,
  );

  async function restore(records: KV, [settings, round]: readonly string[]): Promise<void> {
    await records.destroy();
    const anew = await new Kvm(jetStream()).create(`simdgrad_run_an-older-store`, { allow_direct: false });
    await anew.put("settings", settings);
    await anew.put("round", round);
  }

  test("ends where a round is closed behind a later one", async () => {
    const records = await new Kvm(jetStream()).create("simdgrad_run_behind", { allow_direct: false });
    let first: string | undefined;
    const backward = {
      every: 60,
      onSteps: async () => {
        first ??= (await records.get("round"))?.string();
        await records.put("round", first ?? "");
      },
    };
    const one = trainer(1);
    await one.load(data);
    const training = one.fit({ batch: 30, epochs: 1000, callbacks: [backward], distribute: nats(options("behind")) });
    await expect(training).rejects.toThrow(/^nats: round \d+ was closed behind round \d+$/);
    await one.dispose();
  }, 30_000);

  test("that may not fetch closes no round without the others", async () => {
    vi.spyOn(Objects.prototype, "get").mockImplementation(async ({ object }) => {
      throw new NetworkError(`refused: ${object}`);
    });
    const refused = ["a", "b"].map((member) => train(options("refused", { member, minMembers: 2 }), 1));
    const [a, b] = await Promise.allSettled(refused);
    vi.restoreAllMocks();
    expect([a, b].map(({ status }) => status)).toContain("rejected");
    expect((await latestRound({ servers: ground.server.address, run: "refused" })).members).not.toHaveLength(1);
  }, 30_000);

  test("averages with the samples that the record names, whatever was announced before", async () => {
    const run = "twice-announced";
    await train(options(run), 1, 2); // a round for its weights
    const announce = await announcer(run);
    const { round } = await latestRound({ servers: ground.server.address, run });
    await announce("liar", round + 1, 1);
    const late = { every: 20, onSteps: () => wait(600) };
    const both = ["a", "z"].map(async (member, i) => {
      const one = trainer(i);
      await one.load(data);
      const distribute = nats(options(run, { member, minMembers: 3, deadline: 20_000 }));
      await one.fit({ batch: 30, epochs: 2, callbacks: member === "z" ? [late] : [], distribute });
      await one.dispose();
      return distribute.round;
    });
    await wait(300);
    await announce("liar", round + 1, 600);
    const [a, z] = await Promise.all(both);
    expect(a?.members).toEqual(["a", "liar", "z"]);
    expect(z).toEqual(a);
  }, 30_000);

  test("does not wait for the turn of those that died", async () => {
    const run = "dead";
    await train(options(run), 1, 2);
    const announce = await announcer(run);
    const { round } = await latestRound({ servers: ground.server.address, run });
    const dead = "acdefghijklm".split("");
    for (const member of dead) await announce(member, round + 1, 100);
    // Were they waited for, its turn would come with the deadline.
    const { distribute } = await train(options(run, { member: "b", deadline: 60_000 }), 1, 2);
    expect(distribute.round?.members).toEqual([...dead, "b"].sort());
  }, 30_000);

  test("of a server that is away for a moment, again and again, goes on, however long it has trained", async () => {
    const restless = await ground.start();
    const one = trainer(1);
    await one.load(data);
    const distribute = nats(options("restless", { servers: restless.address, patience: 4000 }));
    const slow = { every: 20, onSteps: () => wait(200) };
    const training = one.fit({ batch: 30, epochs: 60, callbacks: [slow], distribute }); // some six seconds
    for (let outage = 0; outage < 2; outage++) {
      await wait(2500);
      await restless.kill();
      await restless.resume();
    }
    await training;
    expect(distribute.round?.round).toBe(30);
    await one.dispose();
  }, 30_000);

  test("whose run is removed is told so at once", async () => {
    const run = "removed";
    const removing = {
      every: 60,
      onSteps: () => removeRun({ servers: ground.server.address, run }).catch(() => undefined),
    };
    const one = trainer(1);
    await one.load(data);
    const training = one.fit({ batch: 30, epochs: 1000, callbacks: [removing], distribute: nats(options(run)) });
    await expect(training).rejects.toThrow(/^nats: the run removed was begun anew, or its server lost it/);
    await one.dispose();
  }, 30_000);

  test("leaves out changes whose objects have no names", async () => {
    const run = "nameless";
    await train(options(run), 1, 2);
    for (const object of ["", "ü€"]) {
      const record = { version: 1, member: `m${object}`, round: 2, samples: 1, object, digest: "" };
      await jetStream().publish(`$KV.simdgrad_run_${run}.change.m${object}`, JSON.stringify(record));
    }
    const { distribute } = await train(options(run, { member: "me" }), 1, 2);
    expect(distribute.round).toMatchObject({ round: 2, members: ["me"] });
  }, 30_000);

  test("takes away what those left that were killed long ago", async () => {
    const run = "swept";
    await train(options(run), 1, 10);
    const objects = await new Objm(jetStream()).open(`simdgrad_weights_${run}`);
    for (const name of ["change.1.dead.1", "state.2.dead.1", "change.4.late.1"])
      await objects.putBlob({ name }, new Uint8Array(9));
    await train(options(run), 1, 2);
    const names = (await objects.list()).map(({ name }) => name);
    expect(names).not.toContain("change.1.dead.1");
    expect(names).not.toContain("state.2.dead.1");
    expect(names).toContain("change.4.late.1");
  }, 30_000);

  test("stores its weights in pieces that a server takes", async () => {
    const narrow = await ground.start("max_payload: 8192");
    const place = { servers: narrow.address };
    const both = await Promise.all(
      [1, 2].map((seed) => train(options("narrow", { ...place, minMembers: 2 }), seed, 4, 64)),
    );
    expect(both.map(({ digests }) => digests.at(-1))).toEqual(Array(2).fill(both[0].distribute.round?.digest));
    const { weights } = await latestRound({ ...place, run: "narrow" });
    expect(4 * weights["2.weight"].data.length).toBeGreaterThan(8192);
  }, 30_000);

  test("asks for TLS where its address does", async () => {
    const servers = ground.server.address.replace("nats:", "tls:");
    await expect(train(options("secret", { servers }), 1)).rejects.toThrow(/server does not support 'tls'$/);
  }, 30_000);

  test("that is aborted before it begins leaves its caller's connection open", async () => {
    const connection = await connect({ servers: ground.server.address });
    const signal = AbortSignal.abort();
    await serveTrials({ connection, run: "unbegun", objective: () => 1, signal });
    await wait(50);
    expect(connection.isClosed()).toBe(false);
    await connection.close();
  });

  test("that is aborted does not wait for a server that takes its connection and says nothing", async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const servers = `nats://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    await serveTrials({ servers, run: "silent", objective: () => 1, signal: AbortSignal.timeout(200) });
    for (const socket of sockets) socket.destroy();
    silent.close();
  }, 10_000);

  test("is told what contradicts itself", () => {
    const connection = ground.connection;
    expect(() => nats({ run: "x", connection, connect: {} })).toThrow(
      new ArgumentError("nats: connect is of no use beside a connection"),
    );
    expect(() => nats({ run: "x", servers: "nats://host", connect: { servers: "x" } })).toThrow(
      new ArgumentError("nats: give servers beside connect, not in it"),
    );
  });
});

describe.skipIf(isServerMissing)("a search", () => {
  test("is told of an artifact that is gone, and of what is broken of another one", async () => {
    const run = "artifact";
    const objective = () => ({ value: 1, artifact: new Uint8Array(100_000) });
    ground.serve({ servers: ground.server.address, run, objective });
    const search = async () => {
      const study = await openStudy({ space: { x: uniform(0, 1) } });
      await study.trials(1, { distribute: nats({ servers: ground.server.address, run }) });
    };
    await search();
    const manager = await jetstreamManager(ground.connection);
    await manager.streams.purge(`OBJ_simdgrad_artifacts_${run}`, { filter: `$O.simdgrad_artifacts_${run}.C.>` });
    await expect(search()).rejects.toThrow(/^nats: the object 0-.* has other bytes than were announced$/);
    await manager.streams.add({ name: "simdgrad_trials_odd", subjects: ["simdgrad.trials.odd.job.*"] });
    const found = await searches({ servers: ground.server.address });
    expect(found.find(({ run }) => run === "artifact")?.results).toBe(1);
    expect(found.find(({ run }) => run === "odd")?.fault).toMatch(/consumer not found/);
  }, 30_000);

  test("has members that end when the server stays away", async () => {
    const away = await ground.start();
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const place = { servers: away.address, run: "away", patience: 500 };
    const serving = expect(serveTrials({ ...place, objective: () => 1 })).rejects.toThrow(NetworkError);
    await wait(300);
    await away.kill();
    await serving;
    expect(warn).not.toHaveBeenCalled(); // which is for who has more patience
  }, 30_000);
});

describe.skipIf(isServerMissing)("what is left of a run", () => {
  test("is its latest round, until it is removed", async () => {
    const place = { servers: ground.server.address, run: "kept" };
    const none = new ArgumentError("latestRound: the server has no run kept");
    await expect(latestRound(place)).rejects.toThrow(none);
    const { distribute } = await train(options("kept"), 1, 4);
    const { weights, ...round } = await latestRound(place);
    expect(round).toEqual(distribute.round);
    const bare = trainer(3);
    await bare.loadStateDict(weights);
    expect((await bare.evaluate(data)).loss).toBeLessThan(0.7);
    await bare.dispose();
    expect(await digestOf(packAnchor({ round: 0, weights, momentum: {} }))).not.toBe(round.digest); // which is of its momentum, too
    await removeRun(place);
    expect(await runs(place)).toEqual([]);
    await expect(latestRound(place)).rejects.toThrow(none);
    await expect(removeRun(place)).rejects.toThrow(new ArgumentError("removeRun: the server has no run kept"));
  }, 30_000);

  test("is told beside what is broken of others", async () => {
    await train(options("whole"), 1, 2);
    await train(options("broken"), 1, 2);
    await (await new Kvm(jetStream()).open("simdgrad_run_broken")).put("round", "{}");
    const found = await runs({ servers: ground.server.address });
    expect(found.find(({ run }) => run === "whole")?.round).toBe(1);
    expect(found.find(({ run }) => run === "broken")?.fault).toBe(
      "nats: the record of a round of broken is of version undefined; this member speaks version 1",
    );
  }, 30_000);
});
