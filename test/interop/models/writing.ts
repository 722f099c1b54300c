// Pictures of written numbers, for networks that read.
import type { Given } from "../../onnx/runtime.ts";

/** Digits of 5 rows of 3 points. */
const digits = ["75557", "26227", "71747", "71717", "55711", "74717", "74757", "71122", "75757", "75717"];

/** Dark digits on light ground, lines one below the other in one picture [1, 3, height, width], or each in one of its own; numbers of -1 to 1. */
export function written(
  lines: readonly string[],
  height: number,
  width: number,
  way: "together" | "apart" = "together",
): Given {
  if (way === "apart") {
    const all = lines.map((line) => written([line], height, width));
    return { shape: [lines.length, 3, height, width], data: all.flatMap(({ data }) => [...data]) };
  }
  const lineHeight = Math.floor(height / lines.length);
  const size = Math.min(
    Math.floor(lineHeight / 7),
    Math.floor(width / (4 * Math.max(...lines.map((each) => each.length)))),
  );
  const plane = Float64Array.from({ length: height * width }, (_, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    const line = lines[Math.floor(row / lineHeight)] ?? "";
    const y = Math.floor(((row % lineHeight) - Math.floor((lineHeight - 5 * size) / 2)) / size);
    const x = Math.floor(column / size) - 1;
    const digit = digits[Number(line[Math.floor(x / 4)])];
    const isInk = x >= 0 && x % 4 < 3 && ((Number(digit?.[y] ?? 0) >> (2 - (x % 4))) & 1) === 1;
    return isInk ? -0.9 : 0.9;
  });
  return { shape: [1, 3, height, width], data: [...plane, ...plane, ...plane] };
}
