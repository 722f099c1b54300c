// All subjects, family by family.
import type { Subject } from "../subject.ts";
import { alongAxes } from "./along.ts";
import { compositions } from "./compositions.ts";
import { elementwise } from "./elementwise.ts";
import { furtherFunctions } from "./functions.ts";
import { layers } from "./layers.ts";
import { losses } from "./losses.ts";
import { movement } from "./movement.ts";
import { networks } from "./networks.ts";
import { reductions } from "./reductions.ts";
import { activations, rows } from "./rows.ts";
import { training } from "./training.ts";

export const subjects: readonly Subject[] = [
  ...elementwise,
  ...furtherFunctions,
  ...reductions,
  ...movement,
  ...alongAxes,
  ...rows,
  ...activations,
  ...losses,
  ...layers,
  ...networks,
  ...training,
  ...compositions,
];
