// Trials elsewhere whose objectives, members, messages or server are at fault: a search ends as it would here, or says in words what was wrong.
import { type JetStreamManager, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { describe, expect, test } from "vitest";
import { DataError } from "../../src/errors.ts";
import { nats, serveTrials } from "../../src/nats/index.ts";
import { openStudy, random, uniform } from "../../src/tune/index.ts";
import type { Objective } from "../../src/tune/trial.ts";
import { Ground, isServerMissing } from "./ground.ts";

const ground = new Ground();

function study() {
  return openStudy({ space: { x: uniform(0, 1) }, sampler: random() });
}

function place(run: string, { address } = ground.server) {
  return { servers: address, run, patience: 20_000 };
}

function serve(run: string, objective: Objective, at = ground.server): void {
  ground.serve({ ...place(run, at), objective });
}

async function asked<T>(ask: (manager: JetStreamManager) => Promise<T>, { address } = ground.server): Promise<T> {
  const connection = await connect({ servers: [address] });
  try {
    return await ask(await jetstreamManager(connection));
  } finally {
    await connection.close();
  }
}

async function queue(run: string, at = ground.server) {
  return (await asked((manager) => manager.streams.info(`simdgrad_trials_${run}`), at)).state;
}

describe.skipIf(isServerMissing).concurrent("trials elsewhere", () => {
  test("that give NaN or an infinity have failed as they do here, and the search goes on", async ({ expect }) => {
    const objective: Objective = ({ number }) =>
      [Number.NaN, { value: Number.NEGATIVE_INFINITY, artifact: Uint8Array.of(1) }, 3][number] ?? 0;
    serve("broken", objective);
    const [there, here] = [await study(), await study()];
    await there.trials(3, { distribute: nats(place("broken")) });
    await here.trials(3, { objective });
    expect(there.history.map(({ state }) => state)).toEqual(["failed", "failed", "complete"]);
    expect(there.history).toEqual(here.history);
  });

  test("are those that a study has queued, and no others", async ({ expect }) => {
    const seen: number[] = [];
    serve("foreign", ({ number }) => seen.push(number));
    await expect.poll(() => queue("foreign").catch(() => undefined), { timeout: 20_000 }).toBeDefined();
    const hex = "0123456789abcdef";
    const jobs = [
      ...["*", "a.>", "", "sp ace", `8-${hex}`, `7-${hex}.>`].map((name) => ({ trial: 7, name })),
      ...[1.5, -1, 1e21].map((trial) => ({ trial, name: `${trial}-${hex}` })),
    ];
    for (const job of jobs)
      await jetstream(ground.connection).publish(
        "simdgrad.trials.foreign.job.x",
        JSON.stringify({ version: 1, values: 0, ...job }),
      );
    await (await study()).trials(1, { distribute: nats(place("foreign")) });
    expect(seen).toEqual([0]);
    await expect.poll(async () => (await queue("foreign")).messages, { timeout: 20_000 }).toBe(0);
  });

  test("throw what they like: it is cut, or said to be too large, and the member goes on", async ({ expect }) => {
    const narrow = await ground.start("max_payload: 8192");
    const thrown = [
      new Error("x".repeat(2_000_000)),
      Object.create(null),
      Object.assign(new Error("step"), { step: 1n }),
    ];
    const objective: Objective = ({ number }) => {
      if (number in thrown) throw thrown[number];
      return Object.assign({ value: number }, { toJSON: () => "y".repeat(2_000_000) });
    };
    for (const at of [ground.server, narrow]) {
      serve("thrown", objective, at);
      const one = await study();
      await one.trials(4, { distribute: nats(place("thrown", at)), tolerate: () => true });
      const [first, ...others] = one.history.map(({ error, value }) => error ?? value);
      if (at === ground.server)
        expect(first).toBe(
          `WorkerError: Error in the worker: ${"x".repeat(10_000)}... (cut: it has 2000000 characters)`,
        );
      else
        expect(first).toMatch(
          /^WorkerError: the result of trial 0 has \d{5} bytes, and the server takes no more than 8192$/,
        );
      expect(others).toEqual([
        "WorkerError: Error in the worker: what was thrown has no text",
        "WorkerError: Error in the worker: step",
        3,
      ]);
    }
  });

  test("that nobody runs do not keep a search after its signal, nor a member that never ends one", async ({
    expect,
  }) => {
    const one = await study();
    const search = (signal: AbortSignal) => one.trials(2, { distribute: nats(place("silent")), workers: 2, signal });
    expect(await search(AbortSignal.abort())).toEqual([]);
    const enough = new AbortController();
    const { signal } = enough;
    const seen: number[] = [];
    const silent: Objective = ({ number }) => {
      seen.push(number);
      enough.abort();
      return new Promise(() => {});
    };
    const leaving = serveTrials({ ...place("silent"), objective: silent, signal });
    expect((await search(signal)).map(({ state }) => state)).toEqual(["running", "running"]);
    await leaving;
    // What the member had begun is queued anew, behind the other one.
    expect(await queue("silent")).toMatchObject({ messages: 2, first_seq: 2, last_seq: 3 });
    serve("silent", ({ number }) => seen.push(number));
    const history = await search(ground.signal);
    expect(history.map(({ state }) => state)).toEqual(["complete", "complete"]);
    expect(seen.length).toBe(3);
  });

  test("are queued anew where a server has lost them", async ({ expect }) => {
    const forgetful = await ground.start();
    const one = await study();
    const searching = one.trials(3, { distribute: nats(place("lost", forgetful)), workers: 2 });
    serve("idle", () => 0, forgetful);
    await expect
      .poll(() => queue("lost", forgetful).catch(() => 0), { timeout: 20_000 })
      .toMatchObject({ messages: 2 });
    await forgetful.kill();
    await forgetful.empty();
    await forgetful.resume();
    serve("lost", ({ number }) => number, forgetful);
    expect((await searching).map(({ value }) => value)).toEqual([0, 1, 2]);
    // Whose results are taken away is searched again, though its jobs have the names of those before.
    await asked((manager) => manager.streams.delete("KV_simdgrad_results_lost"), forgetful);
    expect((await (await study()).trials(2, { distribute: nats(place("lost", forgetful)) })).length).toBe(2);
    // A member alone has its queue made anew, too.
    const anew = await (await study()).trials(1, { distribute: nats(place("idle", forgetful)) });
    expect(anew.map(({ value }) => value)).toEqual([0]);
  });

  test.each([
    ["no JSON", /is a foreign message: no JSON$/],
    [
      '{"version":1,"outcome":{"kept":true},"error":null}',
      /^nats: the result of trial 0 is neither a value nor an error: /,
    ],
    ['{"version":1,"outcome":"done","error":null}', /is neither/],
    ['{"version":1,"outcome":{"value":"1"},"error":null}', /is neither/],
    ['{"version":1,"outcome":null,"error":{"x":1}}', /is neither/],
    ['{"version":1,"outcome":1,"error":5}', /is neither/],
    ['{"version":1,"outcome":null,"error":{"name":"DataError","message":"m","path":{}}}', /is neither/],
  ])("whose result is forged are refused: %s", async (text, words) => {
    const run = `forged-${text.replace(/\W/g, "").slice(-20)}`;
    const searching = (await study()).trials(1, { distribute: nats(place(run)) });
    searching.catch(() => {}); // it is looked at below
    const consumers = jetstream(ground.connection).consumers;
    const members = () => consumers.get(`simdgrad_trials_${run}`, "members").catch(() => undefined);
    await expect.poll(members, { timeout: 20_000 }).toBeDefined();
    const job = await (await members())?.next({ expires: 20_000 });
    job?.nak();
    const { name } = JSON.parse(job?.string() ?? "");
    await jetstream(ground.connection).publish(`$KV.simdgrad_results_${run}.${name}`, text);
    await expect(searching).rejects.toThrow(DataError);
    await expect(searching).rejects.toThrow(words);
  });
});
