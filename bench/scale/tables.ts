// What simulations of many numbers of members come to, as rows of tables: the same for the same seed.
import { Random } from "../../demo/node/environments/environment.ts";
import { MANY } from "../../src/nats/distribution.ts";
import { median } from "../median.ts";
import type { Classroom } from "./learning.ts";
import { BATCH } from "./learning.ts";
import type { Precision } from "./network.ts";
import type { Plan, Round, Traffic } from "./plan.ts";
import { Simulation } from "./simulation.ts";
import { draw, server } from "./world.ts";

/** What all simulations have in common. */
export interface Question {
  readonly seed: number;
  readonly precision: Precision;
  readonly bytes: Plan["bytes"];
  readonly deadline: number;
  readonly minMembers: number;
  readonly heartbeat: number;
}

/** Rounds with so many members. Bytes are those of one round. */
export interface RoundsRow {
  readonly members: number;
  readonly innerSteps: number;
  /** Seconds between two rounds that are closed: the median. */
  readonly seconds: number;
  /** Means: members whose changes count, those that are alive, and those that set about closing. */
  readonly counted: number;
  readonly alive: number;
  readonly attempts: number;
  readonly traffic: Traffic;
  /** Weights as docs/distributed.md has them, of so many changes: closed at the first attempt, nobody late. */
  readonly documented: { readonly up: number; readonly down: number };
  /** Bytes of one member, the mean of all. */
  readonly member: { readonly up: number; readonly down: number };
}

/** How a training by rounds reaches an accuracy. */
export interface LearningRow {
  readonly members: number;
  readonly innerSteps: number;
  /** Rounds until then, and seconds of them; undefined where it was not reached. */
  readonly rounds: number | undefined;
  readonly seconds: number | undefined;
  readonly accuracy: number;
  /** Bytes at the server until then, both ways, and a member's share. */
  readonly bytes: number;
  readonly member: number;
  /** Most members of a round that really trained. */
  readonly trained: number;
}

/** Bytes of weights of a round, up and down, that docs/distributed.md gives. */
export function documented(members: number, { change, state }: Plan["bytes"]) {
  const down = (members - 1) * (members > MANY ? change + state : members * change);
  return { up: members * change + state, down };
}

export function simulate(question: Question, members: number, innerSteps: number): Simulation {
  const { seed, precision: _, ...settings } = question;
  return new Simulation({
    ...server,
    ...settings,
    minMembers: Math.min(settings.minMembers, members),
    ...draw(seed, members, innerSteps),
    samples: innerSteps * BATCH,
  });
}

/** So many rounds after the first one, which waits for members to come. */
export function roundsRow(question: Question, members: number, innerSteps: number, rounds: number): RoundsRow {
  const simulation = simulate(question, members, innerSteps);
  closed(simulation); // round 0, which holds the first weights
  const first = closed(simulation);
  const before = sumOf(simulation);
  const all = Array.from({ length: rounds }, () => closed(simulation));
  const after = sumOf(simulation);
  const last = all[rounds - 1];
  const mean = (of: (round: Round) => number) => all.reduce((sum, round) => sum + of(round), 0) / rounds;
  const each = (name: keyof Traffic) => (last.traffic[name] - first.traffic[name]) / rounds;
  const formulas = all.map(({ members: counted }) => documented(counted.length, question.bytes));
  return {
    members,
    innerSteps,
    seconds: median(all.map(({ at }, i) => (at - (all[i - 1] ?? first).at) / 1000)),
    counted: mean((round) => round.members.length),
    alive: mean((round) => round.alive),
    attempts: (last.attempts - first.attempts) / rounds,
    traffic: {
      weightsUp: each("weightsUp"),
      weightsDown: each("weightsDown"),
      recordsUp: each("recordsUp"),
      recordsDown: each("recordsDown"),
    },
    documented: {
      up: formulas.reduce((sum, { up }) => sum + up, 0) / rounds,
      down: formulas.reduce((sum, { down }) => sum + down, 0) / rounds,
    },
    member: { up: (after.up - before.up) / rounds / members, down: (after.down - before.down) / rounds / members },
  };
}

/** @throws RangeError where no round is closed any more */
function closed(simulation: Simulation): Round {
  const round = simulation.next();
  if (round === undefined) throw new RangeError("no round is closed within ten hours: too few members are left");
  return round;
}

function sumOf({ members }: Simulation): { readonly up: number; readonly down: number } {
  return members.reduce((sum, { up, down }) => ({ up: sum.up + up, down: sum.down + down }), { up: 0, down: 0 });
}

/** Trains until an accuracy is reached, with at most so many of a round's members, and for at most so many rounds. */
export async function learningRow(
  question: Question,
  room: Classroom,
  members: number,
  innerSteps: number,
  { accuracy: wanted, rounds: most, trained }: { accuracy: number; rounds: number; trained: number },
): Promise<LearningRow> {
  const { seed, precision } = question;
  const simulation = simulate(question, members, innerSteps);
  const training = room.begin({ seed, parts: members, innerSteps, precision });
  const random = new Random(seed);
  const first = closed(simulation);
  let last = first;
  let [accuracy, rounds] = [0, 0];
  while (rounds < most && accuracy < wanted) {
    last = closed(simulation);
    const { members: counted } = last;
    const drawn = random.order(counted.length).subarray(0, trained).sort();
    accuracy = await training.round([...drawn].map((i) => counted[i]));
    rounds++;
  }
  const bytes = Object.values(last.traffic).reduce((sum, each) => sum + each, 0);
  const isReached = accuracy >= wanted;
  return {
    members,
    innerSteps,
    rounds: isReached ? rounds : undefined,
    seconds: isReached ? (last.at - first.at) / 1000 : undefined,
    accuracy,
    bytes,
    member: bytes / members,
    trained: Math.min(members, trained),
  };
}
