/** Points of two arms that wind around each other, from -1 to 1, and which arm each lies on. No sine: its last digits differ between engines. */
export function spiral(seed: number): { x: number[][]; y: number[] } {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const noise = () => 0.04 * (random() + random() + random() - 1.5);
  const [x, y]: [number[][], number[]] = [[], []];
  let [across, up] = [1, 0]; // turned by a small angle, again and again
  for (let i = 0; i < 150; i++) {
    const radius = 0.08 + 0.84 * (i / 150);
    x.push([radius * across + noise(), radius * up + noise()], [noise() - radius * across, noise() - radius * up]);
    y.push(0, 1);
    [across, up] = [0.99765 * across - 0.0685 * up, 0.0685 * across + 0.99765 * up];
  }
  return { x, y };
}
