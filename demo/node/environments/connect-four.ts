// Connect Four: two players drop discs into seven columns of six; four of one's own in a line win.

export const COLUMNS = 7;
export const ROWS = 6;
const CELLS = COLUMNS * ROWS;
/** Numbers of an observation: the discs of the player whose turn it is, and those of the other. */
export const OBSERVED = 2 * CELLS;
const IN_A_LINE = 4;
/** To the right, up, and both ways aslant. */
const DIRECTIONS = [
  [1, 0],
  [0, 1],
  [1, 1],
  [1, -1],
] as const;

export type Player = 1 | -1;

/** A game under way. Moves can be taken back. */
export class ConnectFour {
  /** Whose turn it is: 1 begins. */
  turn: Player = 1;
  /** Who has four in a line; 0: nobody. */
  winner: Player | 0 = 0;
  /** By column, from below: 1, -1, or 0 where nothing is. */
  readonly #cells = new Int8Array(CELLS);
  readonly #heights = new Uint8Array(COLUMNS);
  readonly #moves = new Uint8Array(CELLS);
  #made = 0;

  get made(): number {
    return this.#made;
  }

  get over(): boolean {
    return this.winner !== 0 || this.#made === CELLS;
  }

  canPlay(column: number): boolean {
    return this.#heights[column] < ROWS;
  }

  /** Drops a disc of whose turn it is into a column that has room. */
  play(column: number): void {
    const row = this.#heights[column]++;
    this.#cells[column * ROWS + row] = this.turn;
    this.#moves[this.#made++] = column;
    if (this.#wins(column, row)) this.winner = this.turn;
    this.turn = this.turn === 1 ? -1 : 1;
  }

  /** Takes the last move back. */
  undo(): void {
    const column = this.#moves[--this.#made];
    this.#cells[column * ROWS + --this.#heights[column]] = 0;
    this.turn = this.turn === 1 ? -1 : 1;
    this.winner = 0; // nobody moves after a win
  }

  #wins(column: number, row: number): boolean {
    for (const [right, up] of DIRECTIONS)
      if (1 + this.#reach(column, row, right, up) + this.#reach(column, row, -right, -up) >= IN_A_LINE) return true;
    return false;
  }

  /** Discs of the same player from a place on, itself not counted. */
  #reach(column: number, row: number, right: number, up: number): number {
    const player = this.#cells[column * ROWS + row];
    let discs = 0;
    for (let x = column + right, y = row + up; x >= 0 && x < COLUMNS && y >= 0 && y < ROWS; x += right, y += up) {
      if (this.#cells[x * ROWS + y] !== player) break;
      discs++;
    }
    return discs;
  }

  /** Writes two planes [columns, rows] as the player sees them whose turn it is, mirrored if wanted. */
  observe(into: Float32Array, at: number, mirrored = false): void {
    for (let column = 0; column < COLUMNS; column++) {
      const to = at + (mirrored ? COLUMNS - 1 - column : column) * ROWS;
      for (let row = 0; row < ROWS; row++) {
        const owner = this.#cells[column * ROWS + row] * this.turn;
        into[to + row] = owner === 1 ? 1 : 0;
        into[to + CELLS + row] = owner === -1 ? 1 : 0;
      }
    }
  }
}

/** What the player whose turn it is can be sure of within so many moves: 1 a win, -1 a loss, 0 neither. */
function minimaxValue(game: ConnectFour, depth: number): number {
  if (game.winner !== 0) return -1; // whoever moved last
  if (game.over || depth === 0) return 0;
  return Math.max(...minimaxValues(game, depth).filter((value) => value !== undefined));
}

/** The same for each column; undefined for full ones. */
export function minimaxValues(game: ConnectFour, depth: number): (number | undefined)[] {
  return Array.from({ length: COLUMNS }, (_, column) => {
    if (!game.canPlay(column)) return undefined;
    game.play(column);
    const value = -minimaxValue(game, depth - 1);
    game.undo();
    return value;
  });
}
