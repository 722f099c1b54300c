// WAV, the sound files of RIFF: chunks with a name and a length, one that tells the format, one that holds the samples.
import { aWholeNumber, checkOptions, isRecord, must, oneOf } from "../check.ts";
import { DataError, ShapeError } from "../errors.ts";
import { showShape } from "../shape.ts";
import { array, type NumericArray } from "./array.ts";
import { bytesOf } from "./bytes.ts";

/** A sound: samples f32 [channels, frames], whole numbers of the file from -1 to 1, and frames a second. */
export interface Sound {
  readonly data: Float32Array;
  readonly shape: readonly [channels: number, frames: number];
  readonly sampleRate: number;
}

interface WavOptions {
  /** Whole numbers of 16 bits, rounded and cut to what they hold, or float32 as they are. Default "int16". */
  readonly samples?: "int16" | "float32";
}

const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;

/** What other formats of WAV files are called. */
const OTHERS: Readonly<Record<number, string>> = { 2: "ADPCM", 6: "A-law", 7: "mu-law", 17: "IMA ADPCM", 85: "MP3" };

/** How a sample is read, by format and bits. */
const readers: ReadonlyMap<string, (view: DataView, at: number) => number> = new Map([
  [`${PCM} 8`, (view: DataView, at: number) => (view.getUint8(at) - 128) / 128],
  [`${PCM} 16`, (view: DataView, at: number) => view.getInt16(at, true) / 2 ** 15],
  [`${PCM} 24`, (view: DataView, at: number) => (view.getInt8(at + 2) * 2 ** 16 + view.getUint16(at, true)) / 2 ** 23],
  [`${PCM} 32`, (view: DataView, at: number) => view.getInt32(at, true) / 2 ** 31],
  [`${FLOAT} 32`, (view: DataView, at: number) => view.getFloat32(at, true)],
  [`${FLOAT} 64`, (view: DataView, at: number) => view.getFloat64(at, true)],
]);

/**
 * The samples of a WAV file: whole numbers of 8, 16, 24 and 32 bits, divided by 2^7 to 2^31, and floating-point ones of 32 and 64 bits.
 * Source: Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0" (1991), and WAVEFORMATEXTENSIBLE.
 * Of a recording that was broken off, all whole frames that are there; what is behind the file's own length, such as a tag, counts nothing.
 * @throws DataError for what is no WAV file, one that is cut off, or one of another format, such as ADPCM
 *
 * @example
 * import { parseWav, serializeWav } from "simdgrad/data";
 * const file = serializeWav({ data: Float32Array.of(0, 0.5, -1), shape: [1, 3], sampleRate: 8000 });
 * parseWav(file); // => { data: [0, 0.5, -1], shape: [1, 3], sampleRate: 8000 }
 */
export function parseWav(given: Uint8Array | ArrayBuffer): Sound {
  const bytes = bytesOf(given, "parseWav: bytes");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 12 || word(view, 0) !== "RIFF" || word(view, 8) !== "WAVE")
    throw new DataError("wav: the file does not start with RIFF and WAVE");
  const chunks = chunksOf(view);
  const format = formatOf(view, chunks.get("fmt "));
  const samples = chunks.get("data");
  if (samples === undefined) throw new DataError("wav: the file has no samples: its chunk data is missing");
  return soundOf(view, format, samples);
}

interface Chunk {
  readonly start: number;
  readonly length: number;
}

function word(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));
}

/** What stands for a length that was not known yet. */
const UNKNOWN = 0xffffffff;

/** The first chunk of each name, until the file's own length is over: behind it there may be a tag of other programs. */
function chunksOf(view: DataView): Map<string, Chunk> {
  const chunks = new Map<string, Chunk>();
  const whole = view.getUint32(4, true);
  const end = whole === 0 || whole === UNKNOWN ? Number.POSITIVE_INFINITY : 8 + whole;
  const isOver = (at: number) => at >= end && chunks.has("fmt ") && chunks.has("data");
  let at = 12;
  while (at + 8 <= view.byteLength && !isOver(at)) {
    const [name, said] = [word(view, at), view.getUint32(at + 4, true)];
    const left = view.byteLength - at - 8;
    // A recording that was broken off has lengths of its beginning: what is there are samples.
    const isOpen =
      name === "data" && (said === UNKNOWN || (said === 0 && (whole === 0 || whole === UNKNOWN || at + 8 >= end)));
    const length = isOpen ? wholeFrames(left, view, chunks.get("fmt ")) : said;
    if (length > left)
      throw new DataError(`wav: chunk ${JSON.stringify(name)} at byte ${at} says ${length} bytes, but ${left} follow`);
    if (!chunks.has(name)) chunks.set(name, { start: at + 8, length });
    at += 8 + (isOpen ? left : length + (length % 2));
  }
  return chunks;
}

/** Bytes of so many that are whole frames: the last one may have been broken off. */
function wholeFrames(length: number, view: DataView, format: Chunk | undefined): number {
  const size = format === undefined || format.length < 16 ? 0 : view.getUint16(format.start + 12, true);
  return size === 0 ? length : length - (length % size);
}

interface Format {
  readonly channels: number;
  readonly sampleRate: number;
  /** Bytes of a sample. */
  readonly size: number;
  readonly read: (view: DataView, at: number) => number;
}

function formatOf(view: DataView, chunk: Chunk | undefined): Format {
  if (chunk === undefined || chunk.length < 16)
    throw new DataError("wav: the file does not say its format: its chunk fmt is missing");
  const { start, length } = chunk;
  const said = view.getUint16(start, true);
  const tag = said === EXTENSIBLE && length >= 40 ? view.getUint16(start + 24, true) : said;
  const [channels, sampleRate] = [view.getUint16(start + 2, true), view.getUint32(start + 4, true)];
  const [block, bits] = [view.getUint16(start + 12, true), view.getUint16(start + 14, true)];
  const read = readers.get(`${tag} ${bits}`);
  if (read === undefined)
    throw new DataError(
      `wav: samples of ${bits} bits in format ${tag}${tag in OTHERS ? ` (${OTHERS[tag]})` : ""} are not read, only whole numbers of 8, 16, 24 and 32, and floating-point ones of 32 and 64`,
    );
  if (channels === 0 || sampleRate === 0)
    throw new DataError(`wav: ${channels} channels of ${sampleRate} samples a second are no sound`);
  if (block !== (channels * bits) / 8)
    throw new DataError(`wav: ${channels} samples of ${bits} bits are not ${block} bytes`);
  return { channels, sampleRate, size: bits / 8, read };
}

function soundOf(view: DataView, { channels, sampleRate, size, read }: Format, { start, length }: Chunk): Sound {
  const frames = length / (channels * size);
  if (!Number.isInteger(frames))
    throw new DataError(`wav: ${length} bytes of samples are no whole frames of ${channels * size}`);
  const data = new Float32Array(channels * frames);
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < frames; i++) data[c * frames + i] = read(view, start + (i * channels + c) * size);
  return { data, shape: [channels, frames], sampleRate };
}

/**
 * A WAV file of a sound [channels, frames].
 * @throws ShapeError unless the samples are [channels, frames], ArgumentError for another sample rate than a whole number, DataError for NaN,
 * which no whole number is
 *
 * @example
 * import { serializeWav } from "simdgrad/data";
 * serializeWav({ data: new Float32Array(100), shape: [2, 50], sampleRate: 44100 }).length; // => 244
 */
export function serializeWav(
  sound: NumericArray & { readonly sampleRate: number },
  options: WavOptions = {},
): Uint8Array<ArrayBuffer> {
  must(isRecord(sound), sound, "serializeWav: sound", "{ data, shape, sampleRate }");
  checkOptions(options, "serializeWav", { samples: oneOf("int16", "float32") });
  const isFloat = options.samples === "float32";
  const { data, shape } = array(
    { data: sound.data, shape: sound.shape },
    isFloat ? "f32" : undefined,
    "serializeWav: sound",
  );
  const { sampleRate } = sound;
  aWholeNumber(1, 2 ** 32 - 1)(sampleRate, "serializeWav: sampleRate");
  const [channels, frames] = shape;
  if (shape.length !== 2 || channels < 1 || channels > 0xffff)
    throw new ShapeError(`serializeWav: the sound is ${showShape(shape)}, not [channels, frames]`);
  const size = isFloat ? 4 : 2;
  const view = new DataView(new ArrayBuffer(44 + data.length * size));
  writeHeader(view, { channels, sampleRate, size, tag: isFloat ? FLOAT : PCM });
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < frames; i++) {
      const at = 44 + (i * channels + c) * size;
      const value = data[c * frames + i];
      if (Number.isNaN(value) && !isFloat)
        throw new DataError(
          `serializeWav: frame ${i} of channel ${c} is NaN, which int16 does not hold; samples: "float32" does`,
        );
      if (isFloat) view.setFloat32(at, value, true);
      else view.setInt16(at, Math.max(-(2 ** 15), Math.min(2 ** 15 - 1, Math.round(value * 2 ** 15))), true);
    }
  return new Uint8Array(view.buffer);
}

function writeHeader(
  view: DataView,
  { channels, sampleRate, size, tag }: Omit<Format, "read"> & { readonly tag: number },
): void {
  for (const [at, name] of [
    [0, "RIFF"],
    [8, "WAVE"],
    [12, "fmt "],
    [36, "data"],
  ] as const)
    for (let i = 0; i < 4; i++) view.setUint8(at + i, name.charCodeAt(i));
  const { byteLength } = view;
  for (const [at, value] of [
    [4, byteLength - 8],
    [16, 16],
    [24, sampleRate],
    [28, sampleRate * channels * size],
    [40, byteLength - 44],
  ])
    view.setUint32(at, value, true);
  for (const [at, value] of [
    [20, tag],
    [22, channels],
    [32, channels * size],
    [34, 8 * size],
  ])
    view.setUint16(at, value, true);
}
