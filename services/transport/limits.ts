/** How long a connection of ours may take to come about. */
export const limits = {
  /** Milliseconds for a TCP connection. */
  connectTimeoutMs: 5_000,
  /** Milliseconds for ZMTP's handshake where nothing else is set: junk connections are dropped after it. */
  handshakeTimeoutMs: 5_000,
} as const;
