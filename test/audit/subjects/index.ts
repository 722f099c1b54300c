// All subjects, family by family.
import type { Subject } from "../subject.ts";
import { alongAxes } from "./along.ts";
import { compositions } from "./compositions.ts";
import { elementwise } from "./elementwise.ts";
import { layers } from "./layers.ts";
import { losses } from "./losses.ts";
import { movement } from "./movement.ts";
import { reductions } from "./reductions.ts";
import { activations, rows } from "./rows.ts";
import { training } from "./training.ts";

export const subjects: readonly Subject[] = [
  ...elementwise,
  ...reductions,
  ...movement,
  ...alongAxes,
  ...rows,
  ...activations,
  ...losses,
  ...layers,
  ...training,
  ...compositions,
];
