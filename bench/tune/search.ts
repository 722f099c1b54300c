// What searches reach on Branin and Hartmann-6: the median of 20 seeds, ours and Optuna's.
import { budgets, names, search } from "./functions.ts";

for (const name of names) {
  console.log(`${name}, how far the best of so many trials is above the least value`);
  for (const [way, regrets] of Object.entries(await search(name)))
    console.log(
      `  ${way.padEnd(50)} ${budgets.map((budget) => `${budget}: ${regrets[budget].toFixed(4)}`).join("  ")}`,
    );
}
