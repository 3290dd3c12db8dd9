/** Frames from texts, one byte a character, and back. */
export function frames(given: readonly string[]): Buffer[] {
  return given.map((text) => Buffer.from(text, "latin1"));
}

export function texts(given: readonly Buffer[]): string[] {
  return given.map((frame) => frame.toString("latin1"));
}
