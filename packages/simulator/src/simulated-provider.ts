import type { Fault } from './fault.ts'
import type { ProviderCounts, RecordedRequest } from './journal.ts'
import type { ProviderScript } from './script.ts'

/** One simulated provider: a server on a port of its own. */
export interface SimulatedProvider {
  readonly name: string
  /** `http://127.0.0.1:PORT/v1` */
  readonly baseURL: string
  readonly port: number
  /** Replaces the script, for the calls to come. */
  script(script: ProviderScript): void
  /** Queues faults for the next calls, in order and before any rule; a sequence counts as its faults. */
  fail(...faults: (Fault | 'ok')[]): void
  /** What has reached it since its start or last reset. */
  counts(): ProviderCounts
  /** The last requests: at most 10,000, and at most 64 MiB of bodies. */
  requests(): readonly RecordedRequest[]
  /** Begins again: counts, requests, call numbers, queue, chance, and the clock of `windowMs`. */
  reset(): void
  /** Resolves when nothing is in flight and clients of this process that went away have been noticed. */
  whenIdle(): Promise<void>
  /** Stops listening and destroys every connection: ECONNREFUSED until `up()`. */
  down(): Promise<void>
  /** Listens again, on the same port. */
  up(): Promise<void>
}
