// A network that learns a game from playing against itself: a search says what it should have thought (Silver et al. 2017, AlphaZero).
import { type Executor, grad, input, type Tensor } from "simdgrad";
import { Conv2d, evaluationContext, Flatten, forward, Linear, parameters, relu, Sequential } from "simdgrad/nn";
import { adam, cosineDecay } from "simdgrad/optim";
import { COLUMNS, ConnectFour, OBSERVED, type Player, ROWS } from "../environments/connect-four.ts";
import { Random } from "../environments/environment.ts";
import { type Agent, agentOf, type Call } from "./agent.ts";
import { ReplayBuffer } from "./replay.ts";
import { TreeSearch } from "./tree-search.ts";

/** Games that are played side by side: a step of a program judges a position of each. */
const GAMES = 64;
const BATCH = 256;
/** Moves that are remembered, mirrored ones included. */
const REMEMBERED = 100_000;
/** Moves of a game that are drawn by how often the search tried them; later ones are those that it tried most. */
const DRAWN = 12;

export interface Learning {
  readonly executor: Executor;
  readonly seed: number;
  /** Moves in each of the games that are played side by side. */
  readonly rounds: number;
  /** Positions that are searched for a move. */
  readonly simulations: number;
  /** Rows of `judge`. */
  readonly judged: number;
  /** Told after each round: how many there were, how many games ended, and the loss. */
  readonly tell: (round: number, games: number, loss: number) => void;
}

function computations({ rounds, judged }: Learning) {
  // Filters as large as the lines that win.
  const trunk = new Sequential(new Conv2d(2, 64, 4), relu, new Flatten(), new Linear(64 * 4 * 3, 128), relu);
  const [policy, critic] = [new Linear(128, COLUMNS), new Linear(128, 1)];
  const model = { trunk, policy, critic };
  const judge = (seen: Tensor) => {
    const features = forward(trunk, seen, evaluationContext());
    return { logits: policy.forward(features), value: critic.forward(features).sum(1).tanh() };
  };
  const judging = (rows: number) => {
    const seen = input([rows, 2, COLUMNS, ROWS]);
    return { inputs: { seen }, outputs: judge(seen) };
  };
  const weights = [...parameters(model).values()];
  const optimizer = adam(cosineDecay(2e-3, { steps: rounds, final: 1e-4 }), { weightDecay: 1e-4 });
  const state = optimizer.init(weights);
  const [seen, wanted, result] = [input([BATCH, 2, COLUMNS, ROWS]), input([BATCH, COLUMNS]), input([BATCH])];
  const { logits, value } = judge(seen);
  const loss = value.sub(result).square().mean().sub(logits.logSoftmax().mul(wanted).sum(1).mean());
  const assignments = optimizer.update(grad(loss, weights), state, weights);
  const learn = { inputs: { seen, wanted, result }, outputs: { loss }, assignments };
  return { model: { model, state }, computations: { play: judging(GAMES), learn, judge: judging(judged) } };
}

/** What is known of a move when its game is over. */
interface Move {
  readonly seen: Float32Array;
  readonly wanted: readonly number[];
  readonly player: Player;
}

/** Games side by side, each begun anew when it is over. */
class Tables {
  readonly #games = Array.from({ length: GAMES }, () => new ConnectFour());
  readonly #moves: Move[][] = this.#games.map(() => []);
  readonly #search: TreeSearch;
  readonly #random: Random;
  /** Games that ended. */
  ended = 0;

  constructor(play: Call, simulations: number, random: Random) {
    this.#search = new TreeSearch(play, GAMES, simulations);
    this.#random = random;
  }

  /** A move in every game. Tells of the moves of those that end, with 1 for those of the winner, -1 of the loser, 0 of nobody. */
  async round(tell: (move: Move, result: number) => void): Promise<void> {
    const visits = await this.#search.visits(this.#games, this.#random);
    for (const [i, game] of this.#games.entries()) {
      const tried = visits[i].reduce((sum, count) => sum + count);
      const wanted = Array.from(visits[i], (count) => count / tried);
      for (const mirrored of [false, true]) {
        const seen = new Float32Array(OBSERVED);
        game.observe(seen, 0, mirrored);
        this.#moves[i].push({ seen, wanted: mirrored ? [...wanted].reverse() : wanted, player: game.turn });
      }
      game.play(game.made < DRAWN ? this.#random.choice(wanted, 0, COLUMNS) : mostTried(visits[i]));
      if (!game.over) continue;
      for (const move of this.#moves[i]) tell(move, move.player * game.winner);
      this.#games[i] = new ConnectFour();
      this.#moves[i] = [];
      this.ended++;
    }
  }
}

export function mostTried(visits: Int32Array): number {
  return visits.indexOf(Math.max(...visits));
}

/** Plays against itself and learns. `judge` says then what it thinks of positions; `untrained` is told of it before. */
export async function selfPlay(learning: Learning, untrained: (judge: Call) => Promise<void>): Promise<Agent<"judge">> {
  const { executor, seed, rounds, simulations, tell } = learning;
  const { model, computations: programs } = computations(learning);
  const agent = await agentOf(executor, seed, model, programs);
  await untrained(agent.calls.judge);
  const random = new Random(seed);
  const memory = new ReplayBuffer(REMEMBERED, { seen: OBSERVED, wanted: COLUMNS, result: 1 });
  const draw = memory.sampler(BATCH);
  const tables = new Tables(agent.calls.play, simulations, random);
  for (let round = 1, loss = Number.NaN; round <= rounds; round++) {
    await tables.round(({ seen, wanted }, result) => memory.add({ seen, wanted, result: [result] }));
    if (memory.size >= BATCH) [loss] = (await agent.calls.learn(draw(random))).loss;
    tell(round, tables.ended, loss);
  }
  return agent;
}
