// What options may be: each check throws an ArgumentError that names the option and the value it got.
import { ArgumentError } from "../errors.ts";

export function checkFraction(value: number, name: string): void {
  if (!(value >= 0 && value < 1)) throw new ArgumentError(`${name} must be at least 0 and below 1, got ${value}`);
}

export function checkNotNegative(value: number, name: string): void {
  if (!(value >= 0)) throw new ArgumentError(`${name} must be >= 0, got ${value}`);
}

export function checkPositive(value: number, name: string): void {
  if (!(value > 0)) throw new ArgumentError(`${name} must be > 0, got ${value}`);
}

export function checkFinite(value: number, name: string): void {
  if (!Number.isFinite(value)) throw new ArgumentError(`${name} must be a finite number, got ${value}`);
}

/** A whole number of at least `least`. */
export function checkCount(value: number, least: number, name: string): void {
  if (!Number.isInteger(value) || value < least)
    throw new ArgumentError(`${name} must be a whole number >= ${least}, got ${value}`);
}
