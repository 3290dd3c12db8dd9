import type { Guests } from "./guests.ts";
import type { Reader, Typing } from "./reader.ts";

/** Who is in the story. */
export interface Cast {
  readonly reader: Reader;
  readonly guests: () => Guests;
  /** One that has libzmq. */
  readonly plainPod: string;
}

/** A command of a guide, and what must be so when it is done. */
export interface Step extends Typing {
  /** As the guide prints it. */
  readonly types: string;
  readonly so: string;
  /** What the guide has the reader do before it, without a command of its own. */
  before?(cast: Cast): Promise<void> | void;
  shows?(cast: Cast, printed: string): Promise<void> | void;
}

/** The commands under one heading of a guide, in its order. */
export interface Chapter {
  readonly guide: string;
  readonly heading: string;
  readonly steps: readonly Step[];
  /** Commands that are not run here, and why not. */
  readonly elsewhere?: Readonly<Record<string, string>>;
}
