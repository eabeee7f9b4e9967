import type { Fault, SimpleFault } from './script/fault.ts'
import type { ProviderCounts, RecordedRequest } from './journal.ts'
import type { ProviderScript } from './script/script.ts'

/** A simulated provider: a server on its own port. */
export interface SimulatedProvider {
  readonly name: string
  /** The root, `http://127.0.0.1:PORT`. */
  readonly url: string
  /** The base URL of OpenAI's SDK: `http://127.0.0.1:PORT/v1`. */
  readonly baseURL: string
  readonly port: number
  /** Replaces the script for later calls. */
  script(script: ProviderScript): void
  /** Queues faults for the next calls, in order and before any rule. A sequence queues each of its faults. */
  fail(...faults: (Fault | 'ok')[]): void
  /**
   * The faults that did not happen since the start or last reset: those queued by `fail()` that no call took, those of rules
   * that no call matched, and the rest of sequences.
   */
  unusedFaults(): readonly SimpleFault[]
  /** Counts since the start or last reset of the provider. */
  counts(): ProviderCounts
  /** The last requests: at most 10,000, and at most 64 MiB of bodies. */
  requests(): readonly RecordedRequest[]
  /**
   * Resets counts, requests, call numbers, the queue, random numbers, and the clock of `windowMs`. Calls in flight continue, and
   * are no longer counted.
   */
  reset(): void
  /** Resolves when no call is in flight and all closed connections of clients in this process were noticed. */
  whenIdle(): Promise<void>
  /** Stops listening and destroys every connection. New connections get ECONNREFUSED until `up()`. */
  down(): Promise<void>
  /** Listens again, on the same port. */
  up(): Promise<void>
}
