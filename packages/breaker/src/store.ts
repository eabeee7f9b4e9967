/**
 * Shares the openings of circuits between processes: the option `store` of a breaker. `redisBreakerStore` of `@harbor/redis` makes one.
 *
 * Every circuit counts its own calls. A store only gets its transitions, and may open, close or probe the circuit because of those of other
 * processes. No call waits for a store. Its methods, and those of its links, must return quickly, must not throw, and must not call the circuit before
 * they have returned.
 */
export interface BreakerStore {
  /**
   * Called once for each breaker, when it is created.
   *
   * @param name the option `name` of the breaker. It may contain a credential, so it must be hashed before it is stored
   * @returns what the circuit reports to
   */
  attach(name: string, circuit: SharedCircuit): StoreLink
}

/** A circuit, as its store sees it. None of its methods changes a circuit that is isolated. */
export interface SharedCircuit {
  /**
   * Opens the circuit, or sets the time that it stays open from now.
   *
   * @param forMs how long it stays open, in milliseconds, at least 0
   * @param consecutiveOpens how many times in a row it has opened, at least 1: it decides for how long a failed probe opens it again
   */
  open(forMs: number, consecutiveOpens: number): void
  /** Closes a circuit that is open or half-open, with its counts reset. */
  close(): void
  /** Makes an open circuit half-open: the next call is a probe. */
  halfOpen(): void
  /** Whether a probe is in flight. */
  isProbing(): boolean
}

/** The transitions and questions of one circuit. */
export interface StoreLink {
  /** The circuit lets a call through. This is called for each call. */
  used(): void
  /** The circuit has opened by its own counts, or because its probe has failed. */
  opened(opening: Opening): void
  /**
   * The circuit has closed.
   *
   * @param isRecovered whether its probes have succeeded. If not, `reset()` was called, which says nothing about other processes
   */
  closed(isRecovered: boolean): void
  /**
   * The circuit is to let a probe through. Returns for how long it must not yet, in milliseconds; 0 if it may. If it must wait, the store requests the
   * probe in the background, and calls `halfOpen()` when this process is the one that may probe. The circuit asks again after the returned time.
   *
   * @param isEarly whether a health check has succeeded, so that the circuit should be probed before its open time is over
   */
  probeWaitMs(isEarly: boolean): number
}

/** An opening of a circuit by its own counts. */
export interface Opening {
  /** How long the circuit stays open, in milliseconds from now. */
  readonly forMs: number
  /** How many times in a row it has opened: 1 for the first. */
  readonly consecutiveOpens: number
  /** Whether the last failure was about the account, such as a 429, so that it holds for every process. */
  readonly isOfAccount: boolean
}
