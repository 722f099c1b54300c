// npm run connect-four: a network learns Connect Four from playing against itself, and is then tried against chance and against minimax.
import { COLUMNS, ConnectFour, minimaxValues } from "./environments/connect-four.ts";
import { Random } from "./environments/environment.ts";
import type { Call } from "./reinforcement/agent.ts";
import { mostTried, selfPlay } from "./reinforcement/self-play.ts";
import { TreeSearch } from "./reinforcement/tree-search.ts";
import { script } from "./script.ts";

/** Columns, one a game. */
type Mover = (games: readonly ConnectFour[]) => Promise<number[]> | number[];

function byChance(random: Random): Mover {
  return (games) => games.map((game) => anyOf(columnsOf(game), random));
}

/** Any of the columns that are best so many moves ahead. */
function byMinimax(depth: number, random: Random): Mover {
  return (games) =>
    games.map((game) => {
      const values = minimaxValues(game, depth);
      const best = Math.max(...values.filter((value) => value !== undefined));
      return anyOf(
        [...values.keys()].filter((column) => values[column] === best),
        random,
      );
    });
}

function bySearch(judge: Call, rows: number, simulations: number): Mover {
  const search = new TreeSearch(judge, rows, simulations);
  return async (games) => (await search.visits(games)).map(mostTried);
}

function columnsOf(game: ConnectFour): number[] {
  return Array.from({ length: COLUMNS }, (_, column) => column).filter((column) => game.canPlay(column));
}

function anyOf(columns: readonly number[], random: Random): number {
  return columns[random.below(columns.length)];
}

interface Score {
  readonly won: number;
  readonly drawn: number;
  readonly lost: number;
}

/** So many games at a time; each begins half of them. */
async function match(count: number, one: Mover, other: Mover): Promise<Score> {
  const games = Array.from({ length: count }, () => new ConnectFour());
  const side = (i: number) => (i % 2 === 0 ? 1 : -1);
  for (let open = [...games.keys()]; open.length > 0; open = open.filter((i) => !games[i].over))
    for (const [mover, sign] of [
      [one, 1],
      [other, -1],
    ] as const) {
      const turns = open.filter((i) => !games[i].over && games[i].turn === sign * side(i));
      const columns = turns.length === 0 ? [] : await mover(turns.map((i) => games[i]));
      for (const [at, i] of turns.entries()) games[i].play(columns[at]);
    }
  const ended = (result: number) => games.filter(({ winner }, i) => winner * side(i) === result).length;
  return { won: ended(1), drawn: ended(0), lost: ended(-1) };
}

await script({
  name: "connect-four",
  about: "Connect Four, learned from playing against itself, with a search in trees led by a network.",
  metric: "games won of 100 against minimax of depth 2",
  options: {
    rounds: { about: "moves in each of 64 games side by side", value: "2000" },
    simulations: { about: "positions that are searched for a move, in trainings and after", value: "48" },
    games: { about: "of each match", value: "100" },
  },
  async run({ seed, executor, whole, say, progress }) {
    const [rounds, simulations, judged] = [whole("rounds"), whole("simulations"), whole("games")];
    const tried = async (judge: Call) => {
      const against = (positions: number, other: Mover) => match(judged, bySearch(judge, judged, positions), other);
      return {
        chance: await against(simulations, byChance(new Random(seed))),
        minimax: await against(simulations, byMinimax(2, new Random(seed))),
        // One position more than the root: the move that the network thinks likeliest.
        alone: await against(1, byMinimax(2, new Random(seed))),
      };
    };
    const told = ({ won, drawn, lost }: Score) => `${won} won, ${drawn} drawn, ${lost} lost`;
    const sayAll = (who: string, { chance, minimax, alone }: Record<"chance" | "minimax" | "alone", Score>) =>
      say(`${who}: against chance ${told(chance)}; against minimax ${told(minimax)}, without search ${told(alone)}`);
    let baseline = 0;
    const began = performance.now();
    const { calls, end } = await selfPlay(
      {
        executor,
        seed,
        rounds,
        simulations,
        judged,
        tell: (round, games, loss) => {
          const left = ((performance.now() - began) / 1000 / round) * (rounds - round);
          progress.draw(round / rounds, `${games} games  loss ${loss.toFixed(3)}  ${left.toFixed(0)} s left`);
        },
      },
      async (judge) => {
        const before = await tried(judge);
        sayAll("untrained", before);
        baseline = before.minimax.won;
      },
    );
    const after = await tried(calls.judge);
    sayAll("trained", after);
    await end();
    const share = 100 / judged;
    return {
      value: share * after.minimax.won,
      baseline: share * baseline,
      more: {
        "won against chance": share * after.chance.won,
        "won without search": share * after.alone.won,
        "drawn against minimax": share * after.minimax.drawn,
      },
    };
  },
});
