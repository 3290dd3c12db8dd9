import { setFlagsFromString } from "node:v8";

/** The first V8 that knows the flag: Node 24's. */
const sinceV8 = 13;

/**
 * V8 collects the whole heap whenever 64 MiB of buffers have come and gone, which is many times a second where bodies are large.
 * With this it counts them to the heap instead, whose limit grows with what is alive. Call it first in a program; it holds for all its threads.
 */
export function countBuffersAsHeap(): void {
  if (Number(process.versions.v8.split(".")[0]) >= sinceV8) setFlagsFromString("--external-memory-accounted-in-global-limit");
}
