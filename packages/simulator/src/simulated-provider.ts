import type { Fault, SimpleFault } from './script/fault.ts'
import type { ProviderCounts, RecordedRequest } from './journal.ts'
import type { ProviderScript } from './script/script.ts'

/** A simulated provider: a server on its own port, with methods to script it and to read what it received. */
export interface SimulatedProvider {
  /** The name of the provider, as in the options of `startSimulator`. */
  readonly name: string
  /** The root URL, without a path: `http://127.0.0.1:PORT`. Use it for SDKs of Anthropic and Google; OpenAI's needs `baseURL`. */
  readonly url: string
  /** The base URL for OpenAI's SDK: `http://127.0.0.1:PORT/v1`. */
  readonly baseURL: string
  /** The port on which it listens on 127.0.0.1. */
  readonly port: number
  /**
   * Replaces the script for later calls. Faults queued by `fail()` stay queued; sequences and rate limits start again.
   *
   * @throws TypeError if the script has a wrong value or an unknown field
   */
  script(script: ProviderScript): void
  /**
   * Queues faults for the next calls, one per call; `'ok'` for a good answer. While faults are queued, the rules of the script do not apply. A
   * sequence queues each of its faults.
   *
   * @throws TypeError for a wrong fault
   */
  fail(...faults: (Fault | 'ok')[]): void
  /**
   * Returns the faults that did not happen since the start or last reset. These are the faults still queued by `fail()`, the faults of rules that
   * matched no call, and the remaining faults of sequences.
   */
  unusedFaults(): readonly SimpleFault[]
  /** Returns what was counted since the start or last reset of the provider. */
  counts(): ProviderCounts
  /** Returns the last requests: at most 10,000, and at most 64 MiB of bodies. */
  requests(): readonly RecordedRequest[]
  /**
   * Resets counts, requests, call numbers, queued faults, sequences, rate limits, files, batches, stored responses, random numbers, and the time that
   * `windowMs` counts. The script stays. Calls in flight continue, but no longer count.
   */
  reset(): void
  /** Resolves when no call is in flight, and the provider has noticed each connection that a client in this process has closed. */
  whenIdle(): Promise<void>
  /** Stops listening and destroys every connection. New connections get ECONNREFUSED until `up()`. */
  down(): Promise<void>
  /** Listens again, on the same port. Resolves when connections are accepted. */
  up(): Promise<void>
}
