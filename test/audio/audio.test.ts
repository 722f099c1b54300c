// Sounds beside what other libraries say of them: what holds for any, and what is refused.
import { ArgumentError, DataError, ShapeError } from "simdgrad";
import {
  blackman,
  dft,
  hamming,
  hann,
  istft,
  melFilters,
  melSpectrogram,
  melWeightMatrix,
  mfcc,
  powerToDb,
  spectrogram,
  stft,
} from "simdgrad/audio";
import { parseWav, serializeWav } from "simdgrad/data";
import { expect, test, vi } from "vitest";
import { randomOf } from "../../demo/node/random.ts";
import { transformOf } from "../../src/audio/fourier.ts";

function noise(length: number, seed = 1): Float32Array {
  const random = randomOf(seed);
  return Float32Array.from({ length }, () => 2 * random() - 1);
}

test("a transform of any length is its definition, of real numbers as of complex ones", () => {
  for (const n of [...Array.from({ length: 40 }, (_, i) => i + 1), 127, 128, 200, 243, 257]) {
    const x = Float64Array.from(noise(2 * n, n));
    const [complex, real] = [new Float64Array(2 * n), new Float64Array(2 * n)];
    transformOf(n).transform(complex, x);
    transformOf(n).realTransform(real, x.subarray(0, n));
    for (let k = 0; k < n; k++) {
      const wanted = [0, 0, 0, 0];
      for (let j = 0; j < n; j++) {
        const angle = (-2 * Math.PI * ((j * k) % n)) / n;
        const [c, s] = [Math.cos(angle), Math.sin(angle)];
        wanted[0] += x[2 * j] * c - x[2 * j + 1] * s;
        wanted[1] += x[2 * j] * s + x[2 * j + 1] * c;
        wanted[2] += x[j] * c;
        wanted[3] += x[j] * s;
      }
      // Sums of n numbers up to 1.5 in float64, of other sums by way of a transform of four times the length: 1,000 n roundings at the most.
      const given = [complex[2 * k], complex[2 * k + 1], real[2 * k], real[2 * k + 1]];
      for (let i = 0; i < (k <= n / 2 ? 4 : 2); i++)
        expect(Math.abs(given[i] - wanted[i])).toBeLessThan(1e3 * n * 2 ** -53);
    }
  }
});

test("an inverse transform goes back", () => {
  for (const n of [1, 2, 12, 32]) {
    const x = { data: noise(2 * n * 3), shape: [n, 3, 2] };
    const { data } = dft(dft(x, { axis: 0 }), { axis: 0, inverse: true });
    // Rounded twice, numbers up to the length between.
    data.forEach((value, i) => {
      expect(Math.abs(value - x.data[i])).toBeLessThan(2 * n * 2 ** -24);
    });
  }
});

test.each([
  { nFft: 64 },
  { nFft: 64, hopLength: 20, window: "hamming" as const },
  { nFft: 60, hopLength: 15, winLength: 40, window: "blackman" as const },
  { nFft: 63, hopLength: 10, padMode: "reflect" as const },
  { nFft: 48, hopLength: 12, window: hann(48, { periodic: false }).data },
])("a signal comes back from its spectrum: %o", ({ padMode, ...options }) => {
  const signal = { data: noise(2 * 500), shape: [2, 500] };
  const back = istft(stft(signal, { ...options, padMode }), { ...options, length: 500 });
  expect(back.shape).toEqual([2, 500]);
  // Spectra are sums of up to 64 samples, rounded once; frames are divided by sums of squares of the window, 0.4 at least where hops are short.
  back.data.forEach((value, i) => {
    expect(Math.abs(value - signal.data[i])).toBeLessThan(64 * 2 ** -24);
  });
});

test("a window whose samples all count needs no overlap, and ends that no frame sees are 0", () => {
  const options = { nFft: 8, hopLength: 8, window: "ones" as const, center: false };
  const back = istft(stft(noise(20), options), { ...options, length: 20 });
  expect(Array.from(back.data, (value) => value === 0)).toEqual(Array.from({ length: 20 }, (_, i) => i >= 16));
});

test("filters without a frequency are warned of, once", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  try {
    for (let time = 0; time < 2; time++) melFilters({ sampleRate: 8000, nFft: 64, nMels: 100 });
    melFilters({ sampleRate: 8000, nFft: 512, nMels: 20 });
    expect(warn.mock.calls).toEqual([
      [
        "simdgrad: melFilters: 42 of 100 filters lie between two frequencies of nFft 64, and are 0: fewer nMels or a longer nFft help",
      ],
    ]);
  } finally {
    warn.mockRestore();
  }
});

test("signals of a batch are those of their own", () => {
  const data = noise(3 * 200);
  const options = { nFft: 32, sampleRate: 8000, nMels: 8, nMfcc: 5, topDb: null };
  const whole = mfcc({ data, shape: [3, 1, 200] }, options);
  expect(whole.shape).toEqual([3, 1, 5, 26]);
  for (let i = 0; i < 3; i++) {
    const one = mfcc(data.subarray(200 * i, 200 * i + 200), options);
    expect(whole.data.subarray(i * one.data.length, (i + 1) * one.data.length)).toEqual(one.data);
  }
});

test("a sound that was read knows its rate", () => {
  const sound = parseWav(serializeWav({ data: noise(800), shape: [2, 400], sampleRate: 16000 }));
  const options = { nFft: 128, nMels: 10 };
  expect(melSpectrogram(sound, options)).toEqual(melSpectrogram(sound, { ...options, sampleRate: 16000 }));
  expect(melSpectrogram(sound, options)).not.toEqual(melSpectrogram(sound, { ...options, sampleRate: 8000 }));
});

test("windows are as their names say, and their sums are kept", () => {
  for (const window of [hann, hamming, blackman]) {
    expect([...window(1).data]).toEqual([1]);
    const symmetric = window(9, { periodic: false }).data;
    // The cosines of both ends are of different angles: of the same ones but for a rounding.
    symmetric.forEach((value, i) => {
      expect(Math.abs(value - symmetric[8 - i])).toBeLessThanOrEqual(2 ** -24);
    });
    // A periodic window is the beginning of a symmetric one that is one longer.
    expect(window(8).data).toEqual(symmetric.subarray(0, 8));
  }
});

test("the energy of a signal is that of its spectrum", () => {
  const signal = noise(64);
  const { data, shape } = spectrogram(signal, { nFft: 64, window: "ones", center: false });
  expect(shape).toEqual([33, 1]);
  const energy = data.reduce((sum, power, k) => sum + (k === 0 || k === 32 ? power : 2 * power), 0) / 64;
  expect(energy / signal.reduce((sum, value) => sum + value ** 2, 0)).toBeCloseTo(1, 6); // Parseval; 33 roundings to float32
});

const wave = noise(100);

test.each<[call: () => unknown, error: new (message: string) => Error, message: string]>([
  [() => stft(new Float32Array(0)), ShapeError, "stft: takes a signal [..., samples], got [0]"],
  [() => stft(3 as never), ShapeError, "stft: takes a signal [..., samples], got []"],
  [() => stft(wave, { nFft: 128, center: false }), ShapeError, "stft: 100 samples are less than a frame of 128"],
  [
    () => stft(wave, { nFft: 200, padMode: "reflect" }),
    ShapeError,
    "stft: 100 samples are too few to be mirrored by half a frame of 200",
  ],
  [() => stft([0, Number.NaN, 1], { nFft: 2 }), DataError, "stft: sample 1 of the signal is NaN"],
  [() => stft(wave, { nFft: 16, winLength: 17 }), ArgumentError, "stft: winLength 17 is more than nFft 16"],
  [
    () => stft(wave, { nFft: 16, winLength: 8, window: hann(16).data }),
    ArgumentError,
    "stft: the window has 16 numbers, but winLength is 8",
  ],
  [
    () => stft(wave, { window: "kaiser" as never }),
    ArgumentError,
    'stft: window must be hann, hamming, blackman, ones or an array of numbers, got "kaiser"',
  ],
  [() => stft(wave, { nfft: 16 } as never), ArgumentError, "stft: unknown option nfft; did you mean nFft?"],
  [() => stft(wave, { nFft: 16, window: [1, Number.NaN] }), ArgumentError, "stft: the window holds NaN"],
  [
    () => istft({ data: wave, shape: [10, 10] }),
    ShapeError,
    "istft: takes a spectrum [..., bins, frames, 2], got [10, 10]",
  ],
  [
    () => istft({ data: wave, shape: [5, 10, 2] }, { nFft: 16 }),
    ArgumentError,
    "istft: nFft 16 makes 9 bins, but the spectrum has 5",
  ],
  [
    () => istft(stft(wave, { nFft: 16, hopLength: 25 }), { nFft: 16, hopLength: 25 }),
    ArgumentError,
    "istft: of every 25 samples, a hopLength, 10 are seen by no frame: the window of 15 samples that are not 0",
  ],
  [
    () => istft({ data: wave, shape: [5, 10, 2] }, { hopLength: 8 }),
    ArgumentError,
    "a hopLength, 1 are seen by no frame",
  ],
  [() => istft([[[Number.POSITIVE_INFINITY, 0]]]), DataError, "istft: the spectrum holds Infinity"],
  [() => melSpectrogram(wave), ArgumentError, "melSpectrogram: sampleRate must be a number > 0, got undefined"],
  [() => melFilters({ sampleRate: 8000, fMin: 4000 }), ArgumentError, "melFilters: fMin 4000 is not below fMax 4000"],
  [() => mfcc(wave, { sampleRate: 8000, nMels: 10 }), ArgumentError, "mfcc: nMfcc 20 is more than nMels 10"],
  [() => powerToDb([1, -1]), DataError, "powerToDb: element 1 is -1, no power"],
  [() => dft([1, 2, 3]), ShapeError, "dft: takes real numbers [..., 1] or complex ones [..., 2], got [3]"],
  [() => dft([[1], [2]], { axis: 1 }), ShapeError, "dft: axis 1 of [2, 1] is that of the parts"],
  [
    () => melWeightMatrix({ numMelBins: 4, dftLength: 16, sampleRate: 100, lowerEdgeHertz: 0, upperEdgeHertz: 51 }),
    ArgumentError,
    "melWeightMatrix: upperEdgeHertz 51 is more than half of the sample rate",
  ],
  [
    () =>
      melWeightMatrix({
        numMelBins: 2 ** 16,
        dftLength: 2 ** 24,
        sampleRate: 100,
        lowerEdgeHertz: 0,
        upperEdgeHertz: 50,
      }),
    ShapeError,
    "melWeightMatrix: [8388609, 65536] has more than 2^26 elements",
  ],
  [
    () => melFilters({ sampleRate: 8000, nMels: 2 ** 16, nFft: 2 ** 16 }),
    ShapeError,
    "melFilters: [65536, 32769] has more than 2^26 elements",
  ],
])("%#: %s", (call, error, message) => {
  expect(call).toThrow(error);
  expect(call).toThrow(message);
});
