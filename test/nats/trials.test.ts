// Trials of a study that is started again: what was there before, and what must not count twice.
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { describe, expect, test, vi } from "vitest";
import { nats, runs } from "../../src/nats/index.ts";
import { openStudy, uniform } from "../../src/tune/index.ts";
import { Ground, isServerMissing } from "./ground.ts";

const ground = new Ground();

interface Values {
  readonly x: number;
}

/** Serves trials, and gives the list of those that it runs. */
function serve(run: string, objective: (values: Values) => number): readonly number[] {
  const seen: number[] = [];
  ground.serve<Values>({
    servers: ground.server.address,
    run,
    objective: ({ number, values }) => {
      seen.push(number);
      return objective(values);
    },
  });
  return seen;
}

async function study(run: string, trials: number) {
  const made = await openStudy({ space: { x: uniform(0, 1) } });
  await made.trials(trials, { distribute: nats({ servers: ground.server.address, run }) });
  return made;
}

describe.skipIf(isServerMissing)("a study that is started again", () => {
  test("has failures of an earlier time run again, and nothing else", async () => {
    let isBroken = true;
    const seen = serve("mended", ({ x }) => {
      if (isBroken && seen.length === 2) throw new RangeError("a slip");
      return x;
    });
    await expect(study("mended", 2)).rejects.toThrow("RangeError in the worker: a slip");
    isBroken = false;
    const { history } = await study("mended", 3);
    expect(history.map(({ state }) => state)).toEqual(["complete", "complete", "complete"]);
    expect(seen).toEqual([0, 1, 1, 2]);
  }, 30_000);

  test("fails where three members gave a trial up, which no fourth one begins", async () => {
    const searching = study("deadly", 1).catch((error) => `${error}`);
    const consumers = jetstream(ground.connection).consumers;
    const queue = () => consumers.get("simdgrad_trials_deadly", "members").catch(() => undefined);
    await expect.poll(queue, { timeout: 10_000 }).toBeDefined();
    for (let death = 0; death < 3; death++) (await (await queue())?.next({ expires: 5000 }))?.nak();
    const seen = serve("deadly", ({ x }) => x);
    expect(await searching).toBe("WorkerError: 3 members died over trial 0, or said nothing for 10 s");
    expect(seen).toEqual([]);
  }, 30_000);

  test("does not have a trial run a second time that was queued twice", async () => {
    const seen = serve("twice", ({ x }) => x);
    const { history } = await study("twice", 1);
    const manager = await jetstreamManager(ground.connection);
    const result = await manager.streams.getMessage("KV_simdgrad_results_twice", { seq: 1 });
    const name = result?.subject.split(".").at(-1);
    const job = { version: 1, trial: 0, values: history[0].values, name };
    await jetstream(ground.connection).publish("simdgrad.trials.twice.job.x", JSON.stringify(job));
    const left = async () => (await manager.streams.info("simdgrad_trials_twice")).state.messages;
    await expect.poll(left, { timeout: 10_000 }).toBe(0);
    expect(seen).toEqual([0]);
  }, 30_000);
});

describe.skipIf(isServerMissing)("addresses", () => {
  test("with a token, or a name and a password, log in, which connect does not contradict", async () => {
    const strict = await ground.start("authorization { token: secret }");
    expect(await runs({ servers: strict.address.replace("//", "//secret@") })).toEqual([]);
    const users = 'authorization { users: [ { user: "a@b", password: p } ] }';
    await strict.configure(users);
    const own = strict.webSocket.replace("//", "//a%40b:p@");
    await expect.poll(() => runs({ servers: own }).catch(({ message }) => message), { timeout: 5000 }).toEqual([]);
    const refused = runs({ servers: own, connect: { token: "secret" } });
    await expect(refused).rejects.toThrow(/^nats: servers have credentials, and connect has token: give one of them$/);
    const wrong = await runs({ servers: own.replace(":p@", ":hidden@") }).catch((error) => error);
    expect(wrong.message).toMatch(/Authorization/);
    expect(wrong.message).not.toContain("hidden");
  });

  test("that are no WebSockets are refused in a page", async () => {
    vi.stubGlobal("process", Object.create(process, { versions: { value: {} } }));
    const asked = runs({ servers: "nats://me:hidden@127.0.0.1:1" });
    await expect(asked).rejects.toThrow(
      /^nats: a page reaches servers by ws:\/\/ or wss:\/\/, got nats:\/\/127\.0\.0\.1:1$/,
    );
    vi.unstubAllGlobals();
  });
});
