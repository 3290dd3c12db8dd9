/**
 * Who has a request that was handed over: both threads decide it by compareExchange on one number a slot, so that a request is
 * either begun by the handlers' thread or taken back by the connection's, never both.
 */
const state = { queued: 1, claimed: 2, revoked: 3 } as const;

export interface Slots {
  readonly memory: SharedArrayBuffer;
  /** The connection's thread hands a request over in this slot. */
  fill(slot: number): void;
  /** The handlers' thread begins it. @returns false where it has been taken back. */
  claim(slot: number): boolean;
  /** The connection's thread takes it back. @returns false where it has begun. */
  revoke(slot: number): boolean;
}

export function createSlots(count: number): Slots {
  return openSlots(new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT));
}

export function openSlots(memory: SharedArrayBuffer): Slots {
  const states = new Int32Array(memory);
  return {
    memory,
    fill: (slot) => void Atomics.store(states, slot, state.queued),
    claim: (slot) => Atomics.compareExchange(states, slot, state.queued, state.claimed) === state.queued,
    revoke: (slot) => Atomics.compareExchange(states, slot, state.queued, state.revoked) === state.queued,
  };
}
