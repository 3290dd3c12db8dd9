import type { Summary } from "./ledger.ts";

/**
 * Bad weather kills, breaks and stops whatever it likes. In fair weather brokers drain, change roles and are replaced, workers are
 * stopped and replaced, all in good order: then not one request may be lost. In both there are no colours. A switch goes from blue
 * to green and back with nobody dying; in its storm something goes wrong meanwhile, see `switch-scenarios.ts`.
 */
export const weathers = ["bad", "fair", "switch", "switch-storm"] as const;
export type Weather = (typeof weathers)[number];

export interface Result extends Summary {
  readonly seed: number;
  /** What went wrong, where that was drawn from a list. */
  readonly scenario: string;
  /** Simulated milliseconds. */
  readonly milliseconds: number;
}

/** A seed that broke an invariant; the same seed breaks it again. */
export class SeedBroken extends Error {
  readonly seed: number;
  constructor(seed: number, weather: Weather, scenario: string, cause: unknown, notes: readonly string[]) {
    const what = cause instanceof Error ? cause.message : String(cause);
    super(
      `seed ${seed} (${scenario}): ${what}\n${notes
        .slice(-30)
        .map((note) => `  ${note}`)
        .join("\n")}\nagain: npm run simulate -- --weather ${weather} --from ${seed} --seeds 1`,
      { cause },
    );
    this.name = "SeedBroken";
    this.seed = seed;
  }
}
