// Looking at who is alive comes to an end whatever goes meanwhile, and a name is one member's.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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
      expect(names).toContain(member);
      while (names.has(member)) names = await one.alive();
      await silent.leave();
    }
    expect([...(await one.alive())]).toEqual(["one"]);
    await one.leave();
  }, 60_000);

  test("a member that was silent hears that another one has its name, and leaves that one alone", async () => {
    const one = await join("first", server.address, 300);
    const silent = await join("same", server.address, 1500);
    const other = await join("same", server.address, 300); // once the sign of the silent one is old
    expect(other.name).not.toBe(silent.name);
    const told = () => {
      try {
        return `${silent.latest}`;
      } catch (error) {
        return `${error}`;
      }
    };
    await expect
      .poll(told, { timeout: 10_000 })
      .toBe('ArgumentError: nats: another member has the name "same" by now: this one was silent too long');
    await silent.leave();
    expect([...(await one.alive())].sort()).toEqual(["first", "same"]);
    for (const each of [one, other]) await each.leave();
  }, 60_000);
});
