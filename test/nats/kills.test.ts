// Members that are killed at random moments, and a server that is: every round closes, nothing diverges, who comes catches up, every trial has one result.
// SOAK=1 kills more.
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { jetstream } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Chance } from "../../src/data/chance.ts";
import { nats } from "../../src/nats/index.ts";
import { openStudy, uniform } from "../../src/tune/index.ts";
import { ended, kill, lines, start } from "./processes.ts";
import { findServer, NatsServer } from "./server.ts";

const { SOAK } = process.env;
const KILLS = SOAK ? 20 : 1;
const RESTARTS = SOAK ? 3 : 1;
const SEARCH = SOAK ? { trials: 64, kills: 10, milliseconds: 2000 } : { trials: 16, kills: 1, milliseconds: 100 };
const patience = { timeout: 60_000 };

const program = await findServer();

let server: NatsServer;
let folder: string;

beforeAll(async () => {
  if (program === undefined) return;
  server = await NatsServer.start(program);
  folder = await mkdtemp(join(tmpdir(), "simdgrad-kills-"));
}, 60_000);

afterAll(async () => {
  await server?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}, 60_000);

/** Members by their names, of whom one that is killed has a successor. */
class Team {
  readonly #chance = new Chance(1);
  readonly #start: (name: string) => ChildProcess;
  readonly members = new Map<string, ChildProcess>();
  #begun = 0;

  constructor(count: number, start: (name: string) => ChildProcess) {
    this.#start = start;
    for (let i = 0; i < count; i++) this.add();
  }

  add(): void {
    const name = `m${this.#begun++}`;
    this.members.set(name, this.#start(name));
  }

  /** A moment below so many milliseconds. */
  moment(most: number): Promise<void> {
    return wait(this.#chance.below(most));
  }

  /** @param isMeant whether a member may be the one @returns which one it was */
  async killOne(isMeant: (name: string) => boolean = () => true): Promise<string> {
    const names = [...this.members.keys()].filter(isMeant);
    const name = names[this.#chance.below(names.length)];
    const victim = this.members.get(name) as ChildProcess;
    this.members.delete(name);
    await kill(victim);
    this.add();
    return name;
  }

  /** Whatever comes of a test, nobody stays. */
  async end(): Promise<void> {
    await Promise.all([...this.members.values()].map(kill));
  }
}

describe.skipIf(program === undefined)(`of ${SOAK ? "many" : "few"} that are killed`, () => {
  test(
    "members are left out, those that come catch up, and a server that is killed loses nothing",
    async () => {
      const file = join(folder, "kills");
      const team = new Team(3, (name) => start("train", server.address, "kills", name, file));
      const seen = async () => new Set((await lines(file)).map(([name]) => name));
      const allHaveSeen = async () =>
        [...team.members.keys()].filter(
          (
            (names) => (name) =>
              !names.has(name)
          )(await seen()),
        );
      const last = async () => Math.max(0, ...(await lines(file)).map(([, round]) => Number(round)));
      /** Rounds go on being closed. */
      const goOn = async () => {
        const before = await last();
        await expect.poll(last, patience).toBeGreaterThan(before + 1);
      };
      try {
        for (let i = 0; i < KILLS; i++) {
          await expect.poll(allHaveSeen, patience).toEqual([]);
          await team.moment(500);
          await team.killOne();
          await goOn();
          if (Math.floor(((i + 1) * RESTARTS) / KILLS) === Math.floor((i * RESTARTS) / KILLS)) continue;
          await expect.poll(allHaveSeen, patience).toEqual([]); // who has not met the server does not wait for it
          await server.kill();
          await team.moment(2000);
          await server.resume();
          await goOn();
        }
        await expect.poll(allHaveSeen, patience).toEqual([]);
        for (const member of team.members.values()) member.kill("SIGTERM");
        const codes = await Promise.all([...team.members.values()].map(ended));
        expect(codes).toEqual([0, 0, 0]);
      } finally {
        await team.end();
      }
      const rounds = new Map<number, Set<string>>();
      for (const [, round, digest] of await lines(file))
        rounds.set(Number(round), (rounds.get(Number(round)) ?? new Set()).add(digest));
      for (const [round, digests] of rounds) expect([round, digests.size]).toEqual([round, 1]);
      const closed = Math.max(...rounds.keys());
      console.log(
        `${KILLS} members killed, server killed ${RESTARTS} times: ${closed} rounds closed, ${rounds.size} seen, of each the same bits on all of ${(await seen()).size} members`,
      );
      expect(closed).toBeGreaterThanOrEqual(2 * (KILLS + RESTARTS));
    },
    SOAK ? 1_200_000 : 180_000,
  );

  test(
    "trials are run by the others, and have one result each",
    async () => {
      const file = join(folder, "trials");
      const { trials, kills, milliseconds } = SEARCH;
      const team = new Team(4, (name) => start("trials", server.address, "search", name, file, `${milliseconds}`));
      const begun = async () => (await lines(file)).length;
      const deaths: (number | undefined)[] = []; // trials that a member died over
      try {
        const study = await openStudy({ space: { x: uniform(0, 1) } });
        const distribute = nats({ servers: server.address, run: "search" });
        const searching = study.trials(trials, { distribute, workers: 6 });
        for (let i = 0; i < kills; i++) {
          await expect.poll(begun, patience).toBeGreaterThan((i * trials) / (kills + 1) + 2);
          await team.moment(milliseconds);
          // A trial that three members died over has failed, which trials.test.ts tests: nobody is killed over one that two died over.
          const running = new Map((await lines(file)).map(([name, trial]) => [name, Number(trial)]));
          const deathsOver = (name: string) =>
            deaths.filter((trial) => trial !== undefined && trial === running.get(name)).length;
          deaths.push(running.get(await team.killOne((name) => deathsOver(name) < 2)));
        }
        const history = await searching;
        expect(history.map(({ number, state }) => `${number} ${state}`).sort()).toEqual(
          Array.from({ length: trials }, (_, number) => `${number} complete`).sort(),
        );
        for (const { values, value } of history) expect(value).toBeCloseTo((values.x - 0.3) ** 2, 12);
      } finally {
        await team.end();
      }
      const connection = await connect({ servers: [server.address] });
      const results = await new Kvm(jetstream(connection)).open("simdgrad_results_search");
      const revisions: number[] = [];
      for await (const name of await results.keys()) revisions.push((await results.get(name))?.revision ?? 0);
      await connection.close();
      // One each, and none was written twice.
      expect(revisions.sort((a, b) => a - b)).toEqual(Array.from({ length: trials }, (_, i) => i + 1));
      // Whatever the dead had begun was begun once more, and nothing else.
      const all = (await lines(file)).map(([, trial]) => Number(trial));
      console.log(`${trials} trials, ${kills} members killed: begun ${all.length} times, ${revisions.length} results`);
      expect(new Set(all).size).toBe(trials);
      expect(all.length).toBeLessThanOrEqual(trials + kills);
    },
    SOAK ? 1_200_000 : 180_000,
  );
});
