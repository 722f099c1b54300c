// What JSON holds of something fitted: a format, its version, and the rest.
import { isRecord } from "../check.ts";
import { DataError } from "../errors.ts";
import { show } from "../show.ts";

/** The only version of each format. */
export const VERSION = 1;

/** What was saved, without its format and version. @throws DataError for another format or version, and for what is no JSON */
export function savedAs(json: unknown, format: string, name: string): Readonly<Record<string, unknown>> {
  const given = typeof json === "string" ? parsed(json, name) : json;
  if (!isRecord(given) || given.format !== `simdgrad ${format}`)
    throw new DataError(`${name}: this is no ${format}, got ${show(given)}`);
  const { format: _, version, ...rest } = given;
  if (version !== VERSION)
    throw new DataError(`${name}: version ${show(version)} of the format is not known, only ${VERSION}`);
  return rest;
}

/** The object of a text of JSON. @throws DataError for another text */
export function parsed(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new DataError(`${name}: this is no JSON: ${(cause as Error).message}`, { cause });
  }
}
