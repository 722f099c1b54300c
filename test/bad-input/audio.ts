// What simdgrad/audio exports, with right arguments.
import * as audio from "../../src/audio/index.ts";
import { type Call, call } from "./harness.ts";
import * as a from "./kinds.ts";

const shaped = ["data and shape", "one row of two"] as const;
const signal = a.also(
  a.data(Float32Array.from({ length: 16 }, (_, i) => i % 3)),
  ...(["minus one", "half", "infinity", "NaN", "a list of sizes that are none"] as const).map(
    (name) => [name, "never: it is no signal"] as const,
  ),
  shaped,
);
const frames = {
  nFft: a.whole(8),
  hopLength: a.whole(2),
  winLength: a.whole(8),
  window: a.also(a.word("hamming"), ["a list", "numbers"], ["a list of sizes that are none", "numbers"]),
  center: a.flag(true),
};
const padded = { ...frames, padMode: a.beside(a.word("reflect"), { nFft: 8 }) };
const strengths = { ...padded, power: a.positive(1) };
const mels = {
  sampleRate: a.positive(8),
  nMels: a.whole(2),
  fMin: a.positive(1),
  fMax: a.positive(3),
  htk: a.flag(true),
  norm: a.also(a.word("slaney"), ["null", "no norm"]),
};
const window = { periodic: a.flag(false) };
const topDb = a.also(a.positive(60), ["null", "no limit"]);

export const audioCalls: Readonly<Record<string, Call>> = {
  blackman: call(audio.blackman, a.whole(4), a.options(window)),
  dft: call(
    audio.dft,
    a.also(a.data({ data: Float32Array.of(1, 2, 3), shape: [3, 1] }), shaped),
    a.options({ axis: a.place(0), inverse: a.flag(true), onesided: a.flag(true) }),
  ),
  hamming: call(audio.hamming, a.whole(4), a.options({ ...window, alpha: a.positive(0.5) })),
  hann: call(audio.hann, a.whole(4), a.options(window)),
  istft: call(
    audio.istft,
    a.data({ data: new Float32Array(30), shape: [5, 3, 2] }),
    a.options({ ...frames, length: a.whole(6) }),
  ),
  melFilters: call(audio.melFilters, a.options({ ...mels, nFft: a.whole(8) }, ["sampleRate"])),
  melSpectrogram: call(audio.melSpectrogram, signal, a.options({ ...strengths, ...mels }, ["sampleRate"])),
  melWeightMatrix: call(
    audio.melWeightMatrix,
    a.options(
      {
        numMelBins: a.whole(2),
        dftLength: a.whole(8),
        sampleRate: a.positive(8),
        lowerEdgeHertz: a.positive(1),
        upperEdgeHertz: a.positive(2),
      },
      ["numMelBins", "dftLength", "sampleRate", "lowerEdgeHertz", "upperEdgeHertz"],
    ),
  ),
  mfcc: call(
    audio.mfcc,
    signal,
    a.options({ ...strengths, ...mels, nMels: a.whole(30), nMfcc: a.whole(2), lifter: a.positive(2), topDb }, [
      "sampleRate",
    ]),
  ),
  powerToDb: call(
    audio.powerToDb,
    a.also(a.data([1, 2]), shaped),
    a.options({ ref: a.positive(2), aMin: a.positive(1e-5), topDb }),
  ),
  spectrogram: call(audio.spectrogram, signal, a.options(strengths)),
  stft: call(audio.stft, signal, a.options(padded)),
};
