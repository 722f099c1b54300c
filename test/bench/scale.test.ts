// The simulation of rounds over NATS: what it must say whatever is drawn. What real members do beside it: npm run bench:scale -- --check.
import { afterAll, beforeAll, expect, test } from "vitest";
import { predicted, scenarios } from "../../bench/scale/check.ts";
import { Classroom } from "../../bench/scale/learning.ts";
import { bytesOf } from "../../bench/scale/network.ts";
import type { Nature, Plan, Round } from "../../bench/scale/plan.ts";
import { Simulation } from "../../bench/scale/simulation.ts";
import { documented, learningRow, type Question, roundsRow, simulate } from "../../bench/scale/tables.ts";
import { draw, local } from "../../bench/scale/world.ts";
import { MANY } from "../../src/nats/distribution.ts";

let room: Classroom;
let question: Question;

beforeAll(async () => {
  room = await Classroom.open([32], 0);
  const bytes = bytesOf(room.first, "f32");
  question = { seed: 1, precision: "f32", bytes, deadline: 30_000, minMembers: 1, heartbeat: 3000 };
});
afterAll(() => room.close());

/** A member near the server that makes its steps in a second and stays. */
const nature: Nature = {
  joins: 0,
  dies: Number.POSITIVE_INFINITY,
  rounds: Number.POSITIVE_INFINITY,
  latency: 1,
  up: 1e6,
  down: 1e6,
  compute: () => 1000,
};

function simulationOf(members: readonly Partial<Nature>[], more: Partial<Plan> = {}): Simulation {
  const { bytes, deadline, minMembers, heartbeat } = question;
  const all = members.map((each) => ({ ...nature, ...each }));
  return new Simulation({
    ...local,
    ...{ bytes, deadline, minMembers, heartbeat },
    samples: 320,
    members: all,
    ...more,
  });
}

function roundsOf(simulation: Simulation, count: number): Round[] {
  return Array.from({ length: count }, () => simulation.next() as Round);
}

test("the same seed gives the same rounds, another one others", () => {
  const row = roundsRow(question, 16, 20, 4);
  expect(roundsRow(question, 16, 20, 4)).toEqual(row);
  expect(roundsRow({ ...question, seed: 2 }, 16, 20, 4).seconds).not.toBe(row.seconds);
});

test("a member is the same beside more others", () => {
  const natures = (count: number) =>
    draw(1, count, 20).members.map(({ compute, ...rest }) => ({ ...rest, first: compute() }));
  expect(natures(5).slice(0, 2)).toEqual(natures(2));
});

test.each([2, 3, 8, 9, 20])(
  "weights of a round of %i members are what the document says, where nobody is late",
  (count) => {
    const simulation = simulationOf(new Array(count).fill({}), { minMembers: count });
    const all = roundsOf(simulation, 6);
    const { up, down } = documented(count, question.bytes);
    for (let i = 2; i < all.length; i++) {
      const [before, after] = [all[i - 1].traffic, all[i].traffic];
      expect(after.weightsUp - before.weightsUp).toBe(up);
      // Of more than eight members the first ones fetch each other's changes before they know of so many.
      const early = count > MANY ? MANY * (MANY - 1) * question.bytes.change : 0;
      const more = after.weightsDown - before.weightsDown - down;
      expect(more).toBeGreaterThanOrEqual(0);
      expect(more).toBeLessThanOrEqual(early);
      expect(all[i].attempts - all[i - 1].attempts).toBe(1);
    }
  },
);

test("what members and server count is the same", () => {
  const simulation = simulationOf([{ rounds: 3 }, { rounds: 3 }, { rounds: 3 }]);
  const { weightsUp, recordsUp, weightsDown, recordsDown } = simulation.finish();
  const sum = (of: "up" | "down") => simulation.members.reduce((all, member) => all + member[of], 0);
  expect(sum("up")).toBe(weightsUp + recordsUp);
  expect(sum("down")).toBe(weightsDown + recordsDown);
});

test("a member that is slower than the deadline is left out, and one that is not is waited for", () => {
  const members = [{}, {}, { compute: () => 10_000 }];
  const late = roundsOf(simulationOf(members, { deadline: 2000 }), 12);
  for (const { members: counted } of late.slice(1)) expect(counted).toEqual([0, 1]);
  const all = roundsOf(simulationOf(members), 12);
  for (const { members: counted } of all.slice(1)) expect(counted).toEqual([0, 1, 2]);
});

test("one that dies is waited for until its last sign of life is old, and its successor takes part", () => {
  const successor = ({ dies }: Nature) => ({ ...nature, joins: dies + 20_000 });
  const simulation = simulationOf([{}, {}, { dies: 3500 }], { successor });
  const all = roundsOf(simulation, 30);
  const first = all.findIndex(({ round, members }) => round > 0 && !members.includes(2));
  // It gave its last sign of life within a heartbeat before its death, and all look four times a second.
  expect(all[first].at).toBeGreaterThan(3500 + 2 * 3000);
  expect(all[first].at).toBeLessThan(3500 + 3 * 3000 + 1000);
  expect(all[first].members).toEqual([0, 1]);
  expect(all.at(-1)?.members).toEqual([0, 1, 3]);
  for (const { members, at } of all) if (members.includes(3)) expect(at).toBeGreaterThan(23_500);
});

test("a member that dies while all others wait for the least number of members ends the rounds until another one comes", () => {
  const simulation = simulationOf([{}, { dies: 4000 }, { joins: 60_000 }], { minMembers: 2 });
  const all = roundsOf(simulation, 8);
  const gap = all.findIndex(({ at }) => at > 20_000);
  expect(all[gap - 1].members).toEqual([0, 1]);
  expect(all[gap].at).toBeGreaterThan(60_000);
  expect(all[gap].members).toEqual([0, 2]);
});

test("fewer members than are wanted close nothing", () => {
  const simulation = simulationOf([{}], { minMembers: 2 });
  expect(simulation.next()?.round).toBe(0); // the first weights
  expect(simulation.next()).toBeUndefined();
});

test("where closing takes longer than a turn of others, they try, too, and the first one wins", () => {
  const simulation = simulationOf([{ latency: 1000 }, {}, {}, {}], { minMembers: 4 });
  const all = roundsOf(simulation, 6);
  expect(all.map(({ round }) => round)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(all[5].attempts).toBeGreaterThan(7);
  for (const { members } of all.slice(1)) expect(members).toEqual([0, 1, 2, 3]);
});

test("where all are equally far, turns are long enough for one to close", () => {
  const all = roundsOf(simulationOf(new Array(4).fill({ latency: 100 }), { minMembers: 4 }), 6);
  for (let i = 2; i < all.length; i++) expect(all[i].attempts - all[i - 1].attempts).toBe(1);
});

test("a thousand members close a round", () => {
  const simulation = simulate(question, 1000, 20);
  const [first, next] = roundsOf(simulation, 2);
  expect([first.round, next.round]).toEqual([0, 1]);
  expect(next.members.length).toBeGreaterThan(900);
  expect(next.alive).toBeGreaterThan(900);
});

test("all scenarios of the check come to their end", () => {
  for (const scenario of scenarios) expect(predicted(scenario).rounds).toBeGreaterThanOrEqual(scenario.rounds);
});

test("members learn together, and the same for the same seed", async () => {
  const limits = { accuracy: 0.8, rounds: 30, trained: 64 };
  const row = await learningRow(question, room, 3, 20, limits);
  expect(row.accuracy).toBeGreaterThanOrEqual(0.8);
  expect(row.rounds).toBeLessThan(30);
  expect(await learningRow(question, room, 3, 20, limits)).toEqual(row);
  const least = await learningRow(question, room, 3, 20, { ...limits, rounds: 2 });
  expect(least).toMatchObject({ rounds: undefined, seconds: undefined });
});
