// Looking at who is alive comes to an end whatever goes meanwhile, and tells members of one name apart.
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { DistantServer } from "../../bench/scale/distance.ts";
import { chosen } from "../../src/nats/options.ts";
import { Run } from "../../src/nats/run.ts";
import { findServer, NatsServer } from "./server.ts";

const program = await findServer();

describe.skipIf(program === undefined)("who is alive", () => {
  let server: NatsServer;
  let distant: DistantServer;
  beforeAll(async () => {
    server = await NatsServer.start(program as string);
    distant = await DistantServer.open(server.address, { latency: 25, up: 1e6, down: 1e6 });
  });
  afterAll(async () => {
    await distant.close();
    await server.stop();
  });

  const join = (member: string, servers: string, heartbeat: number) =>
    Run.join(chosen({ servers, run: "alive", member, heartbeat }));

  test("is told while names of the dead go", async () => {
    const one = await join("one", distant.address, 300);
    for (const member of ["a", "b", "c"]) {
      const silent = await join(member, server.address, 600_000); // gone when three heartbeats of the first member are over
      let names = await one.alive();
      expect(names).toContain(silent.name);
      while (names.has(silent.name)) names = await one.alive();
      await silent.leave();
    }
    expect([...(await one.alive())]).toEqual([one.name]);
    await one.leave();
  }, 60_000);

  test("members that were given one name are two", async () => {
    const one = await join("same", server.address, 300);
    const other = await join("same", server.address, 300);
    expect(await one.alive()).toEqual(new Set([one.name, other.name]));
    await other.leave();
    expect(await one.alive()).toEqual(new Set([one.name]));
    await one.leave();
  }, 60_000);

  test("who leaves at once leaves no timer behind, which would keep its process", async () => {
    const begun = vi.spyOn(globalThis, "setInterval");
    const ended = vi.spyOn(globalThis, "clearInterval");
    for (let turn = 0; turn < 5; turn++) await (await join("brief", distant.address, 300)).leave();
    await wait(100);
    const over = new Set(ended.mock.calls.map(([timer]) => timer));
    const all = begun.mock.results.map(({ value }) => value);
    vi.restoreAllMocks();
    expect(all.length).toBeGreaterThan(5);
    expect(all.filter((timer) => !over.has(timer))).toHaveLength(0);
  }, 60_000);
});
