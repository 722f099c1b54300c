// What a visitor chooses, as the address and the form say it.
import { Address, choice, number, seed, whole } from "../shared/address.ts";
import type { Kind, Size } from "./model.ts";

/** What makes a training what it is. */
export interface Settings {
  readonly network: Kind;
  readonly size: Size;
  readonly rate: number;
  readonly seed: number;
}

/** Another learning rate after so many steps. */
export interface RateChange {
  readonly step: number;
  readonly rate: number;
}

/** What a network of a size learns well with. */
export const usualRates: Readonly<Record<Size, number>> = { small: 0.008, large: 0.002 };

export const rates = [0.0003, 0.001, 0.002, 0.004, 0.008, 0.02] as const;

export function textAddress() {
  return new Address({
    network: choice<Kind>("gpt", ["gpt", "lstm"]),
    size: choice<Size>("small", ["small", "large"]),
    rate: number(usualRates.small, 1e-6, 10),
    seed,
    temperature: number(0.7, 0.1, 2),
    steps: whole(0, 0, 1_000_000),
  });
}
