/** Socket options that every socket sets on purpose: libzmq's defaults wait for ever and hold without a bound. */
export const limits = {
  /** Messages that a pipe holds for one peer in each direction; the queue of requests is the broker's, not libzmq's. */
  messagesPerPeer: 1000,
  /** Milliseconds for a TCP connection. */
  connectTimeoutMs: 5_000,
  /** Milliseconds for ZMTP's handshake where nothing else is set: junk connections are dropped after it. */
  handshakeTimeoutMs: 5_000,
  /** Milliseconds between attempts to reconnect: libzmq doubles from the first to the second, with jitter. */
  reconnectFromMs: 100,
  reconnectToMs: 2_000,
  /** Connections waiting to be accepted, so that a crowd after a restart need not knock twice. */
  backlog: 1024,
} as const;

/** The kernel notices a host that vanished without a word: after idle + count × interval seconds. */
export const keepalive = {
  tcpKeepalive: 1,
  tcpKeepaliveIdle: 15,
  tcpKeepaliveInterval: 5,
  tcpKeepaliveCount: 3,
} as const;
