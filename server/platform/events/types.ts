/** An event to be appended in a transaction (PF-20). `data` is a JSON value: facts, not messages that follow from them (DESIGN M4). */
export interface NewEvent {
  /** Begins with the module's name, for example `predictions/game/<id>` (PF-77). */
  topic: string;
  type: string;
  data: unknown;
  /** Account id of who did it. */
  actor?: string | null;
}

/** An appended event; `seq` and `at` are filled in by the commit. */
export interface EventRef {
  readonly topic: string;
  readonly type: string;
  readonly data: unknown;
  /** 0 until committed. */
  readonly seq: number;
  readonly at: number;
}

/** An event as it stands in the log. `seq` is gapless per topic and in commit order. */
export interface LoggedEvent {
  topic: string;
  seq: number;
  type: string;
  /** Epoch ms, never decreasing within a topic. */
  at: number;
  actor: string | null;
  data: unknown;
}

/** Where a reader stands in a topic; a restore makes a new epoch (PF-23). */
export interface Position {
  epoch: string;
  seq: number;
}

/** What processes tell each other (PF-21). It may be lost: the log is the truth. */
export type BusMessage =
  | { kind: 'events'; events: LoggedEvent[] }
  /** A hint that work waits (`timers`, `consumer/<name>`). */
  | { kind: 'wake'; name: string };

export interface Bus {
  publish(message: BusMessage): void;
  subscribe(fn: (message: BusMessage) => void): () => void;
  /** False while a configured Redis cannot be reached, or when there is none and other processes may exist (DESIGN M7). */
  healthy(): boolean;
  onReconnect(fn: () => void): () => void;
  close(): Promise<void>;
}

/** Follows topics inside this process: every event once, in order, whichever process wrote it (PF-21, DESIGN M7). */
export interface EventFeed {
  /**
   * Delivers every event of `topic` after the returned seq to `fn`, gaplessly and in order, in batches. `fn` must not throw.
   * Resolves when positioned.
   */
  follow(topic: string, fn: (events: readonly LoggedEvent[]) => void): Promise<Following>;
  /** Installation's epoch. */
  readonly epoch: string;
  /** Reads at most `limit` events of a topic after `since`, oldest first. */
  read(topic: string, since: number, limit: number): Promise<LoggedEvent[]>;
  /** Head of a topic as the database has it; 0 for one without events. */
  head(topic: string): Promise<number>;
}

export interface Following {
  /** The seq after which events are delivered. */
  readonly seq: number;
  stop(): void;
}
