// Search in a tree of games by the counts of visits, led by a network (PUCT: Silver et al. 2017): several games are searched at a time,
// so that one step of a program judges a position of each.
import { COLUMNS, type ConnectFour, OBSERVED } from "../environments/connect-four.ts";
import type { Random } from "../environments/environment.ts";
import type { Call } from "./agent.ts";

/** How much more a move is tried that the network thinks likely than its value alone would say. */
const CURIOSITY = 1.5;
/** The share of noise in what the network says of a root, so that every move is tried now and then in trainings. */
const NOISE = 0.25;

/** Positions that were looked at, from one root on. An edge is a move in one of them: `position * COLUMNS + column`. */
class Tree {
  readonly #priors: Float32Array;
  readonly #visits: Int32Array;
  /** Sums of values, for the player who moves. */
  readonly #values: Float32Array;
  /** Positions that moves lead to; 0 for none that was looked at. */
  readonly #next: Int32Array;
  #positions = 0;
  readonly #path: number[] = [];

  constructor(simulations: number) {
    const edges = (simulations + 1) * COLUMNS;
    this.#priors = new Float32Array(edges);
    this.#visits = new Int32Array(edges);
    this.#values = new Float32Array(edges);
    this.#next = new Int32Array(edges);
  }

  clear(): void {
    const edges = this.#positions * COLUMNS;
    this.#visits.fill(0, 0, edges);
    this.#values.fill(0, 0, edges);
    this.#next.fill(0, 0, edges);
    this.#positions = 0;
  }

  /** Of the moves from the root. */
  get visits(): Int32Array {
    return this.#visits.subarray(0, COLUMNS);
  }

  /** Plays to a position that was not looked at, or to the end of the game. */
  descend(game: ConnectFour): void {
    if (this.#positions === 0) return;
    let position = 0;
    do {
      const edge = this.#best(game, position);
      this.#path.push(edge);
      game.play(edge % COLUMNS);
      position = this.#next[edge];
    } while (position !== 0 && !game.over);
  }

  #best(game: ConnectFour, position: number): number {
    const first = position * COLUMNS;
    let visits = 1;
    for (let edge = first; edge < first + COLUMNS; edge++) visits += this.#visits[edge];
    const curiosity = CURIOSITY * Math.sqrt(visits);
    let [best, most] = [-1, Number.NEGATIVE_INFINITY];
    for (let edge = first; edge < first + COLUMNS; edge++) {
      if (!game.canPlay(edge - first)) continue;
      const tried = this.#visits[edge];
      const score = (tried > 0 ? this.#values[edge] / tried : 0) + (curiosity * this.#priors[edge]) / (1 + tried);
      if (score > most) [best, most] = [edge, score];
    }
    return best;
  }

  /** Keeps what the network says of the moves from here: logits from `at` on. */
  add(game: ConnectFour, logits: ArrayLike<number>, at: number, random?: Random): void {
    const first = this.#positions++ * COLUMNS;
    const edge = this.#path.at(-1);
    if (edge !== undefined) this.#next[edge] = first / COLUMNS;
    const noise = random !== undefined && edge === undefined ? random : undefined;
    const weigh = (column: number, weight: (column: number) => number) => (game.canPlay(column) ? weight(column) : 0);
    const priors = shares((column) => weigh(column, () => Math.exp(logits[at + column])));
    // Equal parts of a stick that breaks at random: Dirichlet's distribution of parameter 1.
    const other = noise && shares((column) => weigh(column, () => -Math.log(1 - noise.uniform())));
    for (let i = 0; i < COLUMNS; i++)
      this.#priors[first + i] = other === undefined ? priors[i] : priors[i] + NOISE * (other[i] - priors[i]);
  }

  /** Goes back to the root, and keeps what the position was worth for the player whose turn it was there. */
  back(game: ConnectFour, worth: number): void {
    let value = worth;
    for (let edge = this.#path.pop(); edge !== undefined; edge = this.#path.pop()) {
      value = -value;
      this.#visits[edge]++;
      this.#values[edge] += value;
      game.undo();
    }
  }
}

function shares(weight: (column: number) => number): number[] {
  const weights = Array.from({ length: COLUMNS }, (_, column) => weight(column));
  const sum = weights.reduce((total, each) => total + each);
  return weights.map((each) => each / sum);
}

/** Searches games side by side. */
export class TreeSearch {
  readonly #call: Call;
  readonly #simulations: number;
  readonly #trees: readonly Tree[];
  readonly #seen: Float32Array;

  /** `call`: a program that takes `seen` [rows, 2, columns, rows] and gives `logits` [rows, columns] and `value` [rows]. */
  constructor(call: Call, rows: number, simulations: number) {
    this.#call = call;
    this.#simulations = simulations;
    this.#trees = Array.from({ length: rows }, () => new Tree(simulations));
    this.#seen = new Float32Array(rows * OBSERVED);
  }

  /** How often each move of each game was tried. The games are left as they are; with `random`, roots are noisy. */
  async visits(games: readonly ConnectFour[], random?: Random): Promise<Int32Array[]> {
    for (const tree of this.#trees) tree.clear();
    for (let i = 0; i <= this.#simulations; i++) await this.#simulate(games, random);
    return games.map((_, i) => this.#trees[i].visits.slice());
  }

  async #simulate(games: readonly ConnectFour[], random?: Random): Promise<void> {
    for (const [i, game] of games.entries()) {
      this.#trees[i].descend(game);
      game.observe(this.#seen, i * OBSERVED);
    }
    const { logits, value } = await this.#call({ seen: this.#seen });
    for (const [i, game] of games.entries()) {
      const tree = this.#trees[i];
      if (game.over) tree.back(game, game.winner === 0 ? 0 : -1);
      else {
        tree.add(game, logits, i * COLUMNS, random);
        tree.back(game, value[i]);
      }
    }
  }
}
