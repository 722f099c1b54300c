// The page of pictures: what its parts have to do with each other.
import { byId, enable, make, onPress, say } from "../shared/dom.ts";
import { ready, startPage } from "../shared/page.ts";
import { allInWords, inWords } from "../shared/problems.ts";
import { save } from "../shared/save.ts";
import type { ClassRow } from "../teach/classes.ts";
import type { Body } from "../teach/lesson.ts";
import { TeachPage } from "../teach/page.ts";
import { code } from "./code.ts";
import { madeUp, type Shape, shapes } from "./made-up.ts";
import { opened } from "./opened.ts";
import { startOwnNetwork } from "./own-view.ts";
import { pictureOf, pixelsOf } from "./pixels.ts";
import { View } from "./view.ts";

/** Pixels of a side that the page's own network sees. */
const SIDE = 32;
/** Milliseconds from one picture to the next while a button is held, and before the second. */
const [EVERY, FIRST] = [150, 400];
const MADE_UP = 15;
const NEXT_MADE_UP = 2000; // ms

startPage();

let own: Body | undefined;
let known: Promise<Body> | undefined;
const side = () => own?.shape[1] ?? SIDE;

/** The page's own network, fetched when it is needed first, with all that makes it. */
function knownBody(onProgress: (share: number) => void): Promise<Body> {
  known ??= import("./backbone.ts").then(({ backbone }) => backbone(onProgress));
  known.catch(() => {
    known = undefined; // to be tried again
  });
  return known;
}

const view = new View(SIDE, (pixels) => void page.ask(pixels));
const page = new TeachPage({
  name: "pictures",
  kind: "class",
  noun: ["picture", "pictures"],
  names: ["Class 1", "Class 2"],
  rate: 0.001,
  steps: 100,
  begin: "Show it some pictures of each class, then train.",
  looking: "Looking at your pictures …",
  quiet: "It knows nothing yet.",
  asks: "Show it a picture.",
  unsure: "Hard to say",
  ways,
  onFiles: (row, files) => void addFiles(row, files),
  body: async (onProgress) => own ?? knownBody(onProgress),
  shape: () => [3, side(), side()],
  picture: (sample) => pictureOf(sample),
  meaning: () => ({
    input: `pictures [3, ${side()}, ${side()}]: red, green, blue, each from 0 to 255, not scaled`,
    output: "scores of the classes, in their order",
  }),
  code: (done) => code(done, own?.features[0]),
  onTeacher: (teacher) => enable(byId("save-page"), teacher !== undefined),
});

function ways(row: ClassRow): readonly Node[] {
  const hold = make("button", { type: "button", className: "hold" }, "Add from the camera");
  hold.title = "Hold it down for many";
  let timer: ReturnType<typeof setTimeout> | undefined;
  const add = () => {
    const { pixels } = view;
    if (!view.on || pixels === undefined) {
      page.problem("Turn the camera on first, or choose files.");
      return;
    }
    page.problem("");
    row.add(pixels, pictureOf(pixels));
  };
  const again = () => {
    add();
    timer = setTimeout(again, EVERY);
  };
  const release = () => clearTimeout(timer);
  hold.addEventListener("pointerdown", ({ button }) => {
    if (button !== 0) return;
    add();
    if (view.on) timer = setTimeout(again, FIRST);
  });
  for (const name of ["pointerup", "pointerleave", "pointercancel", "blur"]) hold.addEventListener(name, release);
  hold.addEventListener("contextmenu", (event) => event.preventDefault());
  // By the keyboard: one a press.
  hold.addEventListener("click", ({ detail }) => {
    if (detail === 0) add();
  });
  const files = make("input", { type: "file", accept: "image/*", multiple: true });
  files.addEventListener("change", () => {
    const chosen = [...(files.files ?? [])];
    files.value = "";
    void addFiles(row, chosen);
  });
  return [hold, make("label", { className: "button file" }, "Choose files", files)];
}

async function addFiles(row: ClassRow, files: readonly File[]): Promise<void> {
  page.problem("");
  const errors: unknown[] = [];
  for (const file of files)
    try {
      const picture = await opened(file);
      const pixels = pixelsOf(picture, side());
      picture.close();
      row.add(pixels, pictureOf(pixels));
    } catch (error) {
      errors.push(error);
    }
  if (errors.length > 0) page.problem(allInWords(errors));
}

async function askAbout(file: File | undefined): Promise<void> {
  if (file === undefined) return;
  try {
    showMadeUp(false);
    view.show(await opened(file));
    page.problem("");
  } catch (error) {
    page.problem(inWords(error));
  }
}

let next: ReturnType<typeof setInterval> | undefined;

function nextMadeUp(): void {
  view.show(madeUp(shapes[Math.floor(2 * Math.random())], Math.random));
}

/** Shows one made-up picture after the other, or none any more. */
function showMadeUp(shown: boolean): void {
  clearInterval(next);
  byId("another").hidden = !shown;
  if (!shown) return;
  nextMadeUp();
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) next = setInterval(nextMadeUp, NEXT_MADE_UP);
}

onPress(byId("camera"), () => {
  if (view.on) view.stop();
  else {
    page.problem("");
    showMadeUp(false);
    view.start().catch((error: unknown) => page.problem(inWords(error)));
  }
});
onPress(byId("made-up"), () => {
  const some = (shape: Shape) => Array.from({ length: MADE_UP }, () => pixelsOf(madeUp(shape, Math.random), side()));
  page.showInstead(shapes.map((name) => ({ name, examples: some(name) })));
  showMadeUp(true);
});
onPress(byId("another"), nextMadeUp);

const ask = byId("ask-file", HTMLInputElement);
ask.addEventListener("change", () => {
  const [chosen] = ask.files ?? [];
  ask.value = "";
  void askAbout(chosen);
});
const place = byId("view-card");
place.addEventListener("dragover", (event) => event.preventDefault());
place.addEventListener("drop", (event) => {
  event.preventDefault();
  void askAbout(event.dataTransfer?.files[0]);
});

startOwnNetwork(async (body) => {
  await page.forget();
  own = body;
  view.side = side();
  say(byId("side"), `${side()} x ${side()}`);
  page.classes.reset(page.classes.names);
  if (own === undefined) await page.bringKept();
});

onPress(byId("save-page"), async () => {
  const note = byId("page-note");
  const { teacher } = page;
  if (teacher === undefined) return;
  try {
    say(note, "Writing the page …");
    const { alonePage } = await import("./alone/file.ts");
    save("what-is-it.html", await alonePage(teacher.names, side(), await teacher.bundle()), "text/html");
    say(note, "Saved to the file what-is-it.html. Open it anywhere: it needs no connection and no server.");
  } catch (error) {
    say(note, inWords(error));
  }
});
enable(byId("save-page"), false);

void page.bringKept().finally(ready);
