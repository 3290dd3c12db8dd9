/** The numbers of our extension's wire; SPEC.md says what each means. Since 2 WELCOME tells the broker's colour. */
export const wireVersion = 2;
/** The versions that a broker of this release speaks: its own and the one before. */
export const spokenVersions = { from: wireVersion - 1, to: wireVersion } as const;

export const headers = { client: Buffer.from("ZSTC01"), worker: Buffer.from("ZSTW01") } as const;
export const headerBytes = 6;
export const instanceBytes = 8;

/** Records that both sides of a client's connection send. */
export const clientRecord = {
  hello: 0x01,
  heartbeat: 0x02,
  request: 0x03,
  cancel: 0x04,
  partialCredit: 0x05,
  disconnect: 0x06,
  welcome: 0x41,
  brokerHeartbeat: 0x42,
  reply: 0x43,
  partial: 0x44,
  error: 0x45,
  goAway: 0x46,
  brokerDisconnect: 0x47,
} as const;

/** Records that both sides of a worker's connection send. */
export const workerRecord = {
  hello: 0x01,
  heartbeat: 0x02,
  ready: 0x03,
  credit: 0x04,
  started: 0x05,
  reply: 0x06,
  partial: 0x07,
  error: 0x08,
  notStarted: 0x09,
  leaving: 0x0a,
  disconnect: 0x0b,
  welcome: 0x41,
  brokerHeartbeat: 0x42,
  request: 0x43,
  cancel: 0x44,
  partialCredit: 0x45,
  backlog: 0x46,
  brokerDisconnect: 0x47,
} as const;

/** Bits of a REQUEST's flags. */
export const requestFlag = { trace: 0x01, retry: 0x02, partial: 0x04 } as const;

/** Whatever a peer's limit for a body is, it takes frames up to this: messages of ours pack records up to about half of it. */
export const packedBytes = 65_536;

/** A broker's role, as WELCOME, HEARTBEAT and GOAWAY tell it. */
export const roles = ["active", "standby", "terminating"] as const;
export type Role = (typeof roles)[number];

/** Why a request has no reply. The number on the wire is the position, from 1. */
export const errorNames = [
  /** A bound was reached: the message says which. It did not run. */
  "busy",
  /** Its time was over. */
  "expired",
  /** Its time was over, and no worker served the service. */
  "no_such_service",
  /** Its handler failed. */
  "failed",
  /** Its worker was lost after a partial reply. */
  "interrupted",
  /** The broker is about to end and takes nothing new, or could not finish it in its grace period. */
  "draining",
  /** Its workers were lost as often as redelivery is allowed. */
  "worker_lost",
  /** Larger than the broker or the worker takes. */
  "too_large",
  /** Not a request as the specification says. */
  "invalid",
  /** This client's key is not admitted to the service. */
  "forbidden",
] as const;
export type ErrorName = (typeof errorNames)[number];

export const executedNames = ["no", "maybe"] as const;
/** Whether a request without a reply may have run. */
export type Executed = (typeof executedNames)[number];
