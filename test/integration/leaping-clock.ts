/** Loaded before a program: every look at the wall clock, in each thread, shows another day within ten years. */
const day = 86_400_000;
const now = Date.now;
const leaping = (): number => now() + Math.floor((Math.random() - 0.5) * 3_650) * day;

globalThis.Date = class extends Date {
  constructor(...given: unknown[]) {
    if (given.length === 0) super(leaping());
    else super(...(given as [number]));
  }
  static override now = leaping;
} as DateConstructor;
