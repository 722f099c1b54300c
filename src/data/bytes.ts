// The bytes of a file, as callers bring them: what fetch and file readers give is an ArrayBuffer, what Node reads a Uint8Array.
import { isDetached, must } from "../check.ts";

/** @throws ArgumentError for anything but bytes */
export function bytesOf(given: Uint8Array | ArrayBuffer, what: string): Uint8Array {
  must(given instanceof Uint8Array || given instanceof ArrayBuffer, given, what, "a Uint8Array or an ArrayBuffer");
  const bytes = given instanceof Uint8Array ? given.buffer : given;
  must(!isDetached(bytes), given, what, "bytes that were not transferred away");
  return given instanceof Uint8Array ? given : new Uint8Array(given);
}

/** All of them, one after another. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
