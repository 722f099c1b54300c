// What a rule throws for a node that it cannot build. The importer gathers refusals, and says all of them in one error.

export class Refusal extends Error {
  override readonly name = "Refusal";
}
