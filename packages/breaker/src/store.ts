/**
 * Shares the openings of circuits between processes: the option `store` of a breaker. `redisBreakerStore` of `@harbor/redis` makes one.
 *
 * Every circuit counts its own calls. It notifies its store only of its changes of state. The store may open or close the circuit, or make it
 * half-open, because of changes in other processes. No call waits for a store. The methods of the store and of its links must return quickly, must
 * not throw, and must not call the circuit before they have returned.
 */
export interface BreakerStore {
  /**
   * Called once for each breaker, when it is created.
   *
   * @param name the option `name` of the breaker. It may contain a credential, so it must be hashed before it is stored
   * @returns the link to which the circuit reports its changes of state
   */
  attach(name: string, circuit: SharedCircuit): StoreLink
}

/** A circuit, as its store sees it. None of its methods changes a circuit that is isolated. */
export interface SharedCircuit {
  /**
   * Opens the circuit. If it is open already, sets how long it stays open from now.
   *
   * @param forMs how long it stays open, in milliseconds, at least 0
   * @param consecutiveOpens how many times in a row the circuit has opened, at least 1. It determines how long a failed probe opens the circuit again
   */
  open(forMs: number, consecutiveOpens: number): void
  /** Closes a circuit that is open or half-open, with its counts reset. */
  close(): void
  /** Makes an open circuit half-open: the next call is a probe. */
  halfOpen(): void
  /** Whether a probe is in flight. */
  isProbing(): boolean
}

/** The link between one circuit and its store. The circuit calls these methods. */
export interface StoreLink {
  /** Called for each call that the circuit lets through. */
  used(): void
  /** Called when the circuit has opened because of its own counts, or because its probe has failed. */
  opened(opening: Opening): void
  /**
   * Called when the circuit has closed.
   *
   * @param isRecovered true if its probes have succeeded; false after `reset()`, which does not affect other processes
   */
  closed(isRecovered: boolean): void
  /**
   * Called when the circuit is due to let a probe through. Returns how long it has to wait, in milliseconds; 0 if it may probe now. If it has to
   * wait, the store requests the probe in the background, and calls `halfOpen()` when this process may probe. The circuit calls this method again
   * after the returned time.
   *
   * @param isEarly true if `halfOpen()` of the breaker was called, for example after a health check, before the open time was over
   */
  probeWaitMs(isEarly: boolean): number
}

/** An opening of a circuit by its own counts. */
export interface Opening {
  /** How long the circuit stays open, in milliseconds from now. */
  readonly forMs: number
  /** How many times in a row the circuit has opened, this time included: 1 for the first. */
  readonly consecutiveOpens: number
  /** Whether the last failure concerns the whole account, such as a 429. The circuit then opens in every process. */
  readonly isOfAccount: boolean
}
