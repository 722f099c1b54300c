// The page of words: what its parts have to do with each other.
import { byId, enable, make, onPress, say } from "../shared/dom.ts";
import { ready, startPage } from "../shared/page.ts";
import { allInWords, inWords, Problem } from "../shared/problems.ts";
import type { ClassRow } from "../teach/classes.ts";
import type { Body } from "../teach/lesson.ts";
import { TeachPage } from "../teach/page.ts";
import { code } from "./code.ts";
import { hiss, whistle, whistles } from "./made-up.ts";
import { Microphone } from "./microphone.ts";
import { ANSWER_EVERY, centred, HEARD, isSilent, KEPT, pieces, RATE, SHIFT, VERSIONS } from "./sounds.ts";
import { Spectrogram, soundPicture } from "./spectrogram.ts";
import { readWav } from "./wav.ts";

const BACKGROUND = "background";
/** Samples of a recording: a word with time before and behind it, and the background. */
const [WORD, NOISE] = [1.6 * RATE, 3.4 * RATE];
const CERTAIN = 0.8;
/** Samples from a word that was recognised to the next time that the same one counts. */
const AGAIN = 0.8 * RATE;
const MADE_UP = 3;
const NEXT_MADE_UP = 2000; // ms

startPage();

let known: Promise<Body> | undefined;

function knownBody(onProgress: (share: number) => void): Promise<Body> {
  known ??= import("./embedding.ts").then(({ ear }) => ear(onProgress));
  known.catch(() => {
    known = undefined; // to be tried again
  });
  return known;
}

const spectrogram = new Spectrogram(byId("spectrogram", HTMLCanvasElement));
/** The last samples that were heard, and how many there were in all. */
const recent = new Float32Array(HEARD);
let heard = 0;
let asked = 0;
let last = { name: "", at: Number.NEGATIVE_INFINITY };

/** What is being recorded: samples so far, and what is told when there are enough. */
interface Recording {
  readonly samples: Float32Array;
  count: number;
  readonly done: (samples: Float32Array) => void;
  readonly broken: () => void;
}
let recording: Recording | undefined;
/** A sound that is asked about without a microphone, again and again: the network learns meanwhile. */
let still: Float32Array | undefined;
const STILL = 250; // ms
setInterval(() => {
  if (still !== undefined && !document.hidden) void ask(still);
}, STILL);

const microphone = new Microphone(
  (samples) => listen(samples),
  () => {
    say(byId("microphone"), "Turn the microphone on");
    recording?.broken();
    recording = undefined;
  },
);

const page = new TeachPage({
  name: "words",
  kind: "word",
  noun: ["example", "examples"],
  names: ["yes", "no"],
  fixed: BACKGROUND,
  rate: 0.01,
  steps: 200,
  begin: "Record each word some times, then train.",
  looking: "Listening to your examples …",
  quiet: "It knows no word yet.",
  asks: "Say a word.",
  unsure: "Hard to say",
  ways,
  onFiles: (row, files) => void addFiles(row, files),
  body: knownBody,
  shape: () => [KEPT],
  picture: (sample) => soundPicture(sample as Float32Array),
  meaning: () => ({
    input: `${HEARD} samples of sound from -1 to 1, one channel`,
    output: "scores of the classes, in their order",
    samplingRate: String(RATE),
  }),
  code,
});

function listen(samples: Float32Array): void {
  spectrogram.push(samples);
  byId("view-empty").hidden = true;
  recent.copyWithin(0, samples.length);
  recent.set(samples.subarray(-HEARD), HEARD - Math.min(HEARD, samples.length));
  heard += samples.length;
  if (recording !== undefined) {
    const some = samples.subarray(0, recording.samples.length - recording.count);
    recording.samples.set(some, recording.count);
    recording.count += some.length;
    if (recording.count === recording.samples.length) {
      const { done, samples: all } = recording;
      recording = undefined;
      done(all);
    }
  }
  if (heard - asked < ANSWER_EVERY) return;
  asked = heard;
  void ask(recent.slice());
}

/** Asks what a stretch of sound is, and writes the word that it is sure of below the sound. */
async function ask(samples: Float32Array): Promise<void> {
  const at = heard;
  const probabilities = await page.ask(samples);
  const names = page.teacher?.names;
  if (probabilities === undefined || names === undefined) return;
  const best = probabilities.indexOf(Math.max(...probabilities));
  const name = names[best];
  // Another sound may be there by now.
  if (still !== undefined && samples !== still) return;
  if (name === BACKGROUND || probabilities[best] < CERTAIN) return;
  if (name === last.name && at - last.at < AGAIN) return;
  last = { name, at };
  spectrogram.mark(name);
}

function add(row: ClassRow, samples: Float32Array): void {
  row.add(samples, soundPicture(samples));
}

/**
 * Examples of a longer sound: of the background all of it, else its loudest second.
 * @throws Problem, in the words for that, where there is no sound
 */
function addSound(row: ClassRow, samples: Float32Array, silence: string): void {
  if (row.name === BACKGROUND) for (const piece of pieces(samples)) add(row, piece);
  else if (isSilent(samples)) throw new Problem(silence);
  else add(row, centred(samples));
}

async function record(row: ClassRow, button: HTMLButtonElement): Promise<void> {
  if (recording !== undefined) return;
  page.problem("");
  const text = button.textContent ?? "";
  try {
    await turnOn();
    if (recording !== undefined) return;
    say(button, row.name === BACKGROUND ? "Say nothing …" : "Say it now …");
    const samples = await new Promise<Float32Array>((done, broken) => {
      const length = row.name === BACKGROUND ? NOISE : WORD;
      recording = { samples: new Float32Array(length), count: 0, done, broken: () => broken() };
    });
    addSound(row, samples, "Nothing was heard: the microphone may be muted, or far away.");
  } catch (error) {
    if (error !== undefined) page.problem(inWords(error));
  } finally {
    say(button, text);
  }
}

function ways(row: ClassRow): readonly Node[] {
  const button = make("button", { type: "button" }, row.name === BACKGROUND ? "Record 3 seconds" : "Record");
  onPress(button, () => void record(row, button));
  const files = make("input", { type: "file", accept: ".wav,audio/wav", multiple: true });
  files.addEventListener("change", () => {
    const chosen = [...(files.files ?? [])];
    files.value = "";
    void addFiles(row, chosen);
  });
  return [button, make("label", { className: "button file" }, "Choose WAV files", files)];
}

async function addFiles(row: ClassRow, files: readonly File[]): Promise<void> {
  page.problem("");
  const errors: unknown[] = [];
  for (const file of files)
    try {
      addSound(row, await readWav(file), `${file.name} is silent: nothing can be heard in it.`);
    } catch (error) {
      errors.push(error);
    }
  if (errors.length > 0) page.problem(allInWords(errors));
}

/** Shows a sound, to be asked about. */
function show(samples: Float32Array): void {
  spectrogram.clear();
  byId("view-empty").hidden = true;
  const kept = centred(samples);
  spectrogram.push(kept);
  const first = Math.floor(VERSIONS / 2) * SHIFT;
  last = { name: "", at: Number.NEGATIVE_INFINITY };
  still = kept.slice(first, first + HEARD);
  // The answer to the sound before goes with its picture.
  if (page.teacher !== undefined) page.answer.clear(page.teacher.names, "…");
  void ask(still);
}

async function askAbout(file: File | undefined): Promise<void> {
  if (file === undefined) return;
  try {
    showMadeUp(false);
    microphone.stop();
    show(await readWav(file));
    page.problem("");
  } catch (error) {
    page.problem(inWords(error));
  }
}

let next: ReturnType<typeof setInterval> | undefined;

function nextMadeUp(): void {
  show(whistle(whistles[Math.floor(2 * Math.random())], Math.random));
}

/** Shows one made-up sound after the other, or none any more. */
function showMadeUp(shown: boolean): void {
  clearInterval(next);
  byId("another").hidden = !shown;
  if (!shown) return;
  nextMadeUp();
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) next = setInterval(nextMadeUp, NEXT_MADE_UP);
}

async function turnOn(): Promise<void> {
  showMadeUp(false);
  await microphone.start();
  still = undefined;
  say(byId("microphone"), "Turn the microphone off");
}

onPress(byId("microphone"), () => {
  if (microphone.on) microphone.stop();
  else {
    page.problem("");
    turnOn().catch((error: unknown) => page.problem(inWords(error)));
  }
});
onPress(byId("made-up"), () => {
  microphone.stop();
  const some = (make: () => Float32Array) => Array.from({ length: MADE_UP }, make);
  page.showInstead([
    { name: BACKGROUND, examples: some(() => hiss(Math.random)) },
    ...whistles.map((kind) => ({ name: kind, examples: some(() => centred(whistle(kind, Math.random))) })),
  ]);
  showMadeUp(true);
});
onPress(byId("another"), nextMadeUp);

const file = byId("ask-file", HTMLInputElement);
file.addEventListener("change", () => {
  const [chosen] = file.files ?? [];
  file.value = "";
  void askAbout(chosen);
});
const place = byId("view-card");
place.addEventListener("dragover", (event) => event.preventDefault());
place.addEventListener("drop", (event) => {
  event.preventDefault();
  void askAbout(event.dataTransfer?.files[0]);
});
enable(byId("another"), true);

void page.bringKept().finally(ready);
