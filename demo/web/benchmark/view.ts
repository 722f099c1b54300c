// The findings as bars, as a table, and whatever a link brought beside them.
import { byId, make } from "../shared/dom.ts";
import { contenders } from "./contenders.ts";
import { measured, type NetworkName, networkNames } from "./networks.ts";
import { isUnsteady, keyOf, type Result, rowsOf, shown, summaryOf } from "./results.ts";
import type { Finding } from "./rounds.ts";

/** A bar as long as its steps a second, of the most there are, beside these words. */
function bar(name: string, ms: number, most: number, words: Words, kind: "ours" | "theirs"): HTMLElement {
  const mark = make("i", { className: kind });
  mark.style.transform = `scaleX(${(1 / ms / most).toFixed(4)})`;
  return make(
    "li",
    {},
    make("span", { className: "who" }, name),
    make("span", { className: "track", ariaHidden: "true" }, mark),
    make(
      "span",
      { className: "many" },
      `${shown(1000 / ms)} steps/s${words.than}`,
      ...doubt(words.than === "" ? "" : words.doubt),
      make("small", {}, words.rounds, ...doubt(words.rounds === "" ? "" : words.busy)),
    ),
  );
}

/** What stands behind a figure and below it. */
interface Words {
  readonly than: string;
  readonly doubt: string;
  readonly rounds: string;
  readonly busy: string;
}

const NO_WORDS: Words = { than: "", doubt: "", rounds: "", busy: "" };

/** Words that make figures doubtful, apart from these; none for "". */
function doubt(text: string): readonly HTMLElement[] {
  return text === "" ? [] : [make("span", { className: "doubt" }, text)];
}

/** How a finding compares with plain TypeScript, between what its rounds lie, and whether that is to be trusted. */
function wordsOf(finding: Finding, plain: Finding | undefined): Words {
  const { ms, times, contender } = finding;
  const [own, its] = [isUnsteady(finding), plain !== undefined && isUnsteady(plain)];
  const doubt = own || its ? " (not to be trusted)" : "";
  const busy = own ? ". The machine was busy with something else." : "";
  const than =
    ms === undefined || plain?.ms === undefined || contender === "js"
      ? ""
      : `, ${shown(plain.ms / ms)} × plain TypeScript`;
  if (times.length < 2) return { than, doubt, rounds: "", busy };
  const rounds = `rounds: ${shown(1000 / Math.max(...times))} to ${shown(1000 / Math.min(...times))}`;
  return { than, doubt, rounds, busy };
}

function chartOf(network: NetworkName, findings: readonly Finding[], theirs: Result): HTMLElement {
  const own = findings.filter((finding) => finding.network === network);
  const plain = own.find(({ contender }) => contender === "js");
  const all = own.map((finding) => ({
    ...finding,
    their: theirs.get(keyOf(network, finding.contender)) ?? undefined,
    words: wordsOf(finding, plain),
  }));
  const speeds = all.flatMap(({ ms, their }) => [ms, their]).flatMap((ms) => (ms === undefined ? [] : [1 / ms]));
  const most = Math.max(...speeds);
  const items = all.flatMap(({ contender, ms, note, their, words }) => {
    const { name } = contenders[contender];
    const first =
      ms === undefined
        ? make("li", {}, make("span", { className: "who" }, name), make("span", { className: "note" }, note))
        : bar(name, ms, most, words, "ours");
    return their === undefined ? [first] : [first, bar("… in the link", their, most, NO_WORDS, "theirs")];
  });
  const { name, about } = measured[network];
  return make(
    "section",
    { className: "network" },
    make("h3", {}, name),
    make("p", { className: "hint" }, about),
    make("ul", { className: "speeds" }, ...items),
  );
}

export function showSummary(findings: readonly Finding[]): void {
  const { figures, doubt: why } = summaryOf(findings);
  byId("summary").replaceChildren(figures, ...doubt(why));
}

/** Shows what there is: findings, or before there are any what a link brought. */
export function showFindings(findings: readonly Finding[], theirs: Result): void {
  const known = findings.length > 0 ? findings : [...theirs].map(([key]) => placeholder(key));
  const names = networkNames.filter((name) => known.some(({ network }) => network === name));
  byId("charts").replaceChildren(...names.map((name) => chartOf(name, known, theirs)));
  byId("nothing").hidden = known.length > 0;
  const [head, ...rows] = rowsOf(known, theirs);
  const cells = (kind: "td" | "th", row: readonly string[]) => row.map((text) => make(kind, {}, text));
  byId("table").replaceChildren(
    make("thead", {}, make("tr", {}, ...cells("th", head))),
    make("tbody", {}, ...rows.map((row) => make("tr", {}, ...cells("td", row)))),
  );
  byId("table-box").hidden = known.length === 0;
  byId("table-scroll").tabIndex = 0; // what is wider than the screen is reached by keys
}

function placeholder(key: string): Finding {
  const [network, contender] = key.split("_") as [Finding["network"], Finding["contender"]];
  return { network, contender, ms: undefined, times: [], note: "not measured here yet", engine: "" };
}
