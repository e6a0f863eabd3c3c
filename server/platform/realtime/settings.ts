/** Limits and intervals of realtime connections; every queue, rate and wait has one (PF-26, PF-28, PF-76). */
export interface RealtimeSettings {
  /** A text message above this gets its wire's own error (PF-76). */
  maxTextBytes: number;
  /** A message above this closes the connection with 1009 (PF-76). */
  maxMessageBytes: number;
  /** Pieces one message may come in. */
  maxFragments: number;
  /** Network chunks one unfinished frame may lie in. */
  maxBufferedChunks: number;
  messagesPerSecond: number;
  messagesBurst: number;
  /** Messages waiting for their turn at which reading stops. */
  maxWaitingMessages: number;
  /** Connections of one account, over all wires. */
  maxPerAccount: number;
  /** Connections without an account from one address: at least 30 times as wide, since crowds share an address (section 3). */
  maxPerAddress: number;
  pingIntervalMs: number;
  /** How long a closing handshake may take before the socket is destroyed. */
  closeTimeoutMs: number;
  /** A reader is slow when more than this waits for longer than `slowReaderGraceMs` (PF-26). */
  slowReaderBytes: number;
  slowReaderGraceMs: number;
  /** Longest wait for more messages before a flush while busy (PF-26). */
  busyFlushMs: number;
  maxTopicsPerConnection: number;
}

export const DEFAULT_REALTIME_SETTINGS: Readonly<RealtimeSettings> = {
  maxTextBytes: 64 * 1024,
  maxMessageBytes: 128 * 1024,
  maxFragments: 128,
  maxBufferedChunks: 1024,
  messagesPerSecond: 100,
  messagesBurst: 200,
  maxWaitingMessages: 32,
  maxPerAccount: 50,
  maxPerAddress: 2_000,
  pingIntervalMs: 30_000,
  closeTimeoutMs: 10_000,
  slowReaderBytes: 1024 * 1024,
  slowReaderGraceMs: 2_000,
  busyFlushMs: 5,
  maxTopicsPerConnection: 100,
};
