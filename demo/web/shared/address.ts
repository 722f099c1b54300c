// A page's state in its address, behind the #: what a link brings to whoever opens it. Only what differs from the defaults is written.

/** One thing that an address may say. */
export interface Field<T> {
  readonly fallback: T;
  /** undefined where the text is none of it: then the fallback holds. */
  parse(text: string): T | undefined;
  write(value: T): string;
}

type Values<F> = { readonly [Name in keyof F]: F[Name] extends Field<infer T> ? T : never };

/** A number from `least` to `most`. */
export function number(fallback: number, least: number, most: number): Field<number> {
  const parse = (text: string) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    return value >= least && value <= most ? value : undefined;
  };
  return { fallback, parse, write: String };
}

/** A whole number from `least` to `most`. */
export function whole(fallback: number, least: number, most: number): Field<number> {
  const { parse, write } = number(fallback, least, most);
  return {
    fallback,
    parse: (text) => {
      const value = parse(text);
      return Number.isInteger(value) ? value : undefined;
    },
    write,
  };
}

/** One of several words. */
export function choice<T extends string>(fallback: T, of: readonly T[]): Field<T> {
  return { fallback, parse: (text) => of.find((each) => each === text), write: (value) => value };
}

/** Yes or no. */
export function flag(fallback: boolean): Field<boolean> {
  return {
    fallback,
    parse: (text) => (text === "1" ? true : text === "0" ? false : undefined),
    write: (on) => (on ? "1" : "0"),
  };
}

/** Several of a kind, none to `most` of them. */
export function list<T>(fallback: readonly T[], of: Field<T>, most: number): Field<readonly T[]> {
  return {
    fallback,
    parse: (text) => {
      const values = text === "" ? [] : text.split(",").map(of.parse);
      return values.length <= most && values.every((value) => value !== undefined) ? (values as T[]) : undefined;
    },
    write: (values) => values.map(of.write).join(","),
  };
}

/** The seed of everything random, which every page has. */
export const seed = whole(0, 0, 2 ** 32 - 1);

export class Address<F extends Readonly<Record<string, Field<unknown>>>> {
  readonly #fields: F;
  #written = location.hash;

  /** @param onChange told when another address of this page was opened by hand */
  constructor(fields: F, onChange: () => void = () => location.reload()) {
    this.#fields = fields;
    addEventListener("hashchange", () => {
      if (location.hash !== this.#written) onChange();
    });
  }

  /** What the address says, and the fallbacks of what it does not. */
  read(): Values<F> {
    const said = new URLSearchParams(location.hash.slice(1));
    const entries = Object.entries(this.#fields).map(([name, field]) => {
      const text = said.get(name);
      return [name, (text === null ? undefined : field.parse(text)) ?? field.fallback];
    });
    return Object.fromEntries(entries) as Values<F>;
  }

  /** Makes the address say this, without a step in the tab's history. */
  write(values: Values<F>): void {
    const said = new URLSearchParams();
    for (const [name, field] of Object.entries(this.#fields)) {
      const text = field.write(values[name]);
      if (text !== field.write(field.fallback)) said.set(name, text);
    }
    const hash = said.size === 0 ? "" : `#${said}`;
    if (hash === location.hash) return;
    this.#written = hash;
    history.replaceState(history.state, "", hash === "" ? location.pathname + location.search : hash);
  }
}
