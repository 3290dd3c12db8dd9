import type { Say } from "../steps.ts";

/** How a third-party image is made where it cannot be pulled. */
export interface Recipe {
  /** What it is made of, in words with a version: the image is made anew when they change. */
  readonly of: string;
  /** Puts what the Dockerfile copies into an empty folder, and returns the Dockerfile. What takes long is kept below `paths.cache`, by version. */
  prepare(folder: string, say: Say): Promise<string>;
}
