// Looking at who is alive comes to an end whatever goes meanwhile.
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
});
