// The classes that a visitor teaches: names, examples, and the card in which each has a row.
import { byId, enable, make, onPress, say } from "../shared/dom.ts";
import { onSurePress } from "../shared/sure.ts";
import type { Sample, Taught } from "./lesson.ts";

export const LEAST = 2;
export const MOST = 5;
const LONGEST = 24;
/** Pictures of examples that a row shows: the latest ones. */
const SHOWN = 24;

/** What a page does with rows. */
export interface ClassOptions {
  /** What a class is called: it numbers those that are added. */
  readonly kind: "class" | "word";
  /** What an example is called, one and many. */
  readonly noun: readonly [string, string];
  readonly names: readonly string[];
  /** Buttons and the like with which examples of a row are added. */
  readonly ways: (row: ClassRow) => readonly Node[];
  /** Files that were dropped on a row. */
  readonly onFiles: (row: ClassRow, files: readonly File[]) => void;
  /** Names, examples, or the number of classes changed. */
  readonly onChange: () => void;
  /** Whether nobody gets a row's examples back: their buttons ask before they are gone. */
  readonly costs: (row: ClassRow) => boolean;
  /** Told in words when a name was taken, and a number was added. */
  readonly onRenamed: (text: string) => void;
  /** The first row is there from the beginning and has a name of its own, such as the noise that is no word. */
  readonly fixed?: string;
}

/** A name as it can stand in an address. */
export function asName(text: string): string {
  return cut(text.replaceAll(",", " ").replace(/\s+/g, " ").trim(), LONGEST);
}

/** As many characters as there may be, each of them whole. */
function cut(text: string, most: number): string {
  return [...text].slice(0, most).join("").trim();
}

/** A name that is not taken: where it is, with a number behind. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let i = 2; taken.has(free); i++) free = `${cut(name, LONGEST - 1 - String(i).length)} ${i}`;
  return free;
}

/** What a row asks of the others. */
interface Others {
  readonly remove: (row: ClassRow) => void;
  /** The row's name, or one like it that no other has. */
  readonly free: (row: ClassRow) => string;
}

export class ClassRow {
  readonly element: HTMLElement;
  readonly #options: ClassOptions;
  readonly #name = make("input", { type: "text", maxLength: LONGEST, autocomplete: "off", spellcheck: false });
  readonly #count = make("span", { className: "count" });
  readonly #strip = make("div", { className: "strip-of-examples", ariaHidden: "true" });
  readonly #forget = make("button", { type: "button", className: "quiet" }, "Clear");
  readonly #remove = make("button", { type: "button", className: "quiet" }, "Remove");
  #examples: Sample[] = [];
  #fallback: string;

  constructor(name: string, options: ClassOptions, isFixed: boolean, others: Others) {
    this.#options = options;
    this.#fallback = name;
    this.#name.value = name;
    this.#name.readOnly = isFixed;
    this.#name.ariaLabel = `Name of the ${options.kind}`;
    this.#name.addEventListener("input", () => {
      this.#label();
      options.onChange();
    });
    this.#name.addEventListener("change", () => {
      const free = others.free(this);
      const isTaken = free !== this.name;
      this.#name.value = free;
      if (!isTaken) return;
      this.#label();
      options.onChange();
    });
    const costs = () => options.costs(this);
    onSurePress(this.#forget, costs, () => this.clear());
    onSurePress(this.#remove, costs, () => others.remove(this));
    const head = make("div", { className: "class-head" }, this.#name, this.#count);
    const ways = make(
      "div",
      { className: "class-ways" },
      ...options.ways(this),
      this.#forget,
      ...(isFixed ? [] : [this.#remove]),
    );
    this.element = make("li", { className: "class-row" }, head, ways, this.#strip);
    this.#takeDrops();
    this.#label();
    this.#show();
  }

  get name(): string {
    return asName(this.#name.value) || this.#fallback;
  }

  get examples(): readonly Sample[] {
    return this.#examples;
  }

  /** Whoever types now, types its name. */
  askName(): void {
    this.#name.focus();
    this.#name.select();
  }

  rename(name: string): void {
    this.#fallback = name;
    this.#name.value = name;
    this.#label();
  }

  /** Adds an example with a picture of it. */
  add(sample: Sample, picture: HTMLCanvasElement): void {
    this.#examples.push(sample);
    this.#strip.prepend(picture);
    this.#strip.children[SHOWN]?.remove();
    this.#show();
    this.#options.onChange();
  }

  clear(): void {
    this.#examples = [];
    this.#strip.replaceChildren();
    this.#show();
    this.#options.onChange();
  }

  removable(possible: boolean): void {
    enable(this.#remove, possible);
  }

  #show(): void {
    const { length } = this.#examples;
    const [one, many] = this.#options.noun;
    say(this.#count, `${length} ${length === 1 ? one : many}`);
    enable(this.#forget, length > 0);
  }

  /** Buttons say of which class they are. */
  #label(): void {
    this.#forget.ariaLabel = `Clear the ${this.#options.noun[1]} of ${this.name}`;
    this.#remove.ariaLabel = `Remove the ${this.#options.kind} ${this.name}`;
  }

  #takeDrops(): void {
    const { element } = this;
    element.addEventListener("dragover", (event) => {
      event.preventDefault();
      element.classList.add("over");
    });
    element.addEventListener("dragleave", () => element.classList.remove("over"));
    element.addEventListener("drop", (event) => {
      event.preventDefault();
      element.classList.remove("over");
      this.#options.onFiles(this, [...(event.dataTransfer?.files ?? [])]);
    });
  }
}

export class Classes {
  readonly #options: ClassOptions;
  readonly #list = byId("classes");
  readonly #more = byId("add-class");
  #rows: ClassRow[] = [];

  constructor(options: ClassOptions) {
    this.#options = options;
    if (options.fixed !== undefined) this.#append(options.fixed, true);
    for (const name of options.names) this.#append(name, false);
    onPress(this.#more, () => {
      this.#append(this.#nextName(), false);
      this.#changed();
      this.#rows.at(-1)?.askName();
    });
    this.#bounds();
  }

  get rows(): readonly ClassRow[] {
    return this.#rows;
  }

  /** Names of those that the visitor named. */
  get names(): readonly string[] {
    return this.#rows.slice(this.#options.fixed === undefined ? 0 : 1).map(({ name }) => name);
  }

  /** Classes with examples. */
  get taught(): readonly Taught[] {
    return this.#rows.filter(({ examples }) => examples.length > 0).map(({ name, examples }) => ({ name, examples }));
  }

  /** Names of classes that nothing was shown of. */
  get waiting(): readonly string[] {
    return this.#rows.filter(({ examples }) => examples.length === 0).map(({ name }) => name);
  }

  /** Makes rows of these names, without examples; of a page with a first row of its own behind that one. */
  reset(names: readonly string[]): void {
    const { fixed } = this.#options;
    this.#rows = [];
    this.#list.replaceChildren();
    if (fixed !== undefined) this.#append(fixed, true);
    for (const name of names.slice(0, MOST)) this.#append(name, false);
    this.#changed();
  }

  #append(name: string, isFixed: boolean): void {
    const others: Others = { remove: (it) => this.#remove(it), free: (it) => this.#free(it.name, it) };
    const row = new ClassRow(this.#free(name), this.#options, isFixed, others);
    this.#rows.push(row);
    this.#list.append(row.element);
  }

  #remove(row: ClassRow): void {
    this.#rows = this.#rows.filter((each) => each !== row);
    row.element.remove();
    this.#changed();
    this.#more.focus();
  }

  /** A name that no row but this one has. */
  #free(name: string, row?: ClassRow): string {
    const free = freeName(name, new Set(this.#rows.filter((each) => each !== row).map((each) => each.name)));
    if (free !== name)
      this.#options.onRenamed(`There is a ${this.#options.kind} “${name}” already: the other one is “${free}” now.`);
    return free;
  }

  #nextName(): string {
    const taken = new Set(this.#rows.map(({ name }) => name));
    const kind = this.#options.kind === "word" ? "Word" : "Class";
    for (let i = this.names.length + 1; ; i++) if (!taken.has(`${kind} ${i}`)) return `${kind} ${i}`;
  }

  #bounds(): void {
    const count = this.names.length;
    enable(this.#more, count < MOST);
    for (const row of this.#rows) row.removable(count > LEAST);
  }

  #changed(): void {
    this.#bounds();
    this.#options.onChange();
  }
}
