/** What the load generator and the example handlers `ledger` and `work` know of each other. */

/** Characters at the beginning of a load's body that name its request: 16 of the run, a dash, 12 of its number, a space. */
export const loadIdLength = 30;

/** What a body asks of the handler `work`, as JSON after its id. */
export interface Work {
  readonly milliseconds: number;
  /** Partial replies before the last part; 0 for a reply in one. */
  readonly parts: number;
}

/** The parts of the reply to a request that asked for them, the last one included. */
export function workReply(id: string, parts: number): string[] {
  return Array.from({ length: parts + 1 }, (_, index) => `${id}${index === parts ? "end" : index}\n`);
}
