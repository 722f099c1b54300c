// Tumours by their cells: the Breast Cancer Wisconsin set, and what a diagnosis by scores is worth.
import { createReadStream } from "node:fs";
import { readCsv, type Table } from "simdgrad/data";

/** Of the column `diagnosis`. */
export const DIAGNOSES = ["benign", "malignant"];

/** A row a tumour: thirty sizes and shapes of its cells' nuclei, and its diagnosis. */
export function readTumours(): Promise<Table> {
  return readCsv(createReadStream(new URL("data/breast-cancer.csv", import.meta.url)));
}

/**
 * The share of those who are ill (1) whom the best threshold finds that takes at most the share `1 - specificity` of those who are not (0) for ill.
 */
export function sensitivityAt(specificity: number, scores: readonly number[], ill: readonly number[]): number {
  const healthy = scores.filter((_, i) => ill[i] === 0).sort((a, b) => b - a);
  const mistaken = Math.floor((1 - specificity) * healthy.length + 1e-9); // 0.05 * 100 are 5, in whatever way they are rounded
  const threshold = healthy[mistaken] ?? Number.NEGATIVE_INFINITY; // the highest score that is not taken for ill
  const sick = scores.filter((_, i) => ill[i] === 1);
  return sick.filter((score) => score > threshold).length / sick.length;
}
