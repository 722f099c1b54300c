// JSON in files: text of UTF-8 that holds an object.
import { isRecord } from "../check.ts";
import { show } from "../show.ts";
import { fault } from "./fault.ts";

/** @throws DataError, beginning with `name`, for anything but an object */
export function objectIn(given: Uint8Array | string, name: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    const text =
      typeof given === "string" ? given : new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(given));
    value = JSON.parse(text);
  } catch (cause) {
    throw fault(`${name} is not JSON: ${(cause as Error).message}`, { cause });
  }
  if (!isRecord(value)) throw fault(`${name} holds ${show(value)}, not an object`);
  return value;
}
