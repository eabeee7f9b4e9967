import type { DevtoolsClient } from '../client.ts'
import type { Circuits } from './circuits.ts'
import type { ClientFacts } from './message.ts'
import { snapshotOf, type History } from './snapshot.ts'
import { UsageHistory } from './usage-history.ts'

/** How long statistics are used before they are read again, in milliseconds. */
const STATS_MS = 500
/** Reading the statistics may take at most one part of this number of the time, unless they are old. */
const STATS_SHARE = 50
/** How old statistics may be, in milliseconds, however long it takes to read them. */
const MAX_STATS_MS = 2_000

/** Reads the statistics of the clients, as often as the page needs them. */
export class FactsReader {
  readonly #clients: readonly DevtoolsClient[]
  readonly #history: Omit<History, 'client'>
  #names: readonly string[] | undefined
  #facts: readonly ClientFacts[] = []
  #expireAt = 0

  /** @param openedAt when the page was opened, in milliseconds since the epoch */
  constructor(clients: readonly DevtoolsClient[], circuits: Circuits, openedAt: number) {
    this.#clients = clients
    this.#history = { circuits, usage: new UsageHistory(openedAt) }
    // What was used before the page was opened is where its counts begin.
    this.read(openedAt)
    this.expire()
  }

  /**
   * Reads the statistics of all clients, or returns those read before while they are recent.
   * @param at the time, in milliseconds since the epoch
   */
  read(at: number): readonly ClientFacts[] {
    const startedAt = performance.now()
    if (startedAt < this.#expireAt) return this.#facts
    const names = (this.#names ??= clientNames(this.#clients))
    this.#facts = this.#clients.map((client, index) => ({
      name: names[index] ?? '',
      canExplain: typeof client.explain === 'function',
      snapshot: snapshotOf(client, { client: index, ...this.#history }, at),
    }))
    const now = performance.now()
    this.#expireAt = now + Math.min(MAX_STATS_MS, Math.max(STATS_MS, (now - startedAt) * STATS_SHARE))
    return this.#facts
  }

  /** Makes the next call of `read()` read the statistics again. */
  expire(): void {
    this.#expireAt = 0
  }
}

/** Returns a name for each client: its place in the list, and the host to which it sends its requests. Empty for a single client. */
function clientNames(clients: readonly DevtoolsClient[]): string[] {
  if (clients.length === 1) return ['']
  return clients.map((client, index) => `${index + 1} ${client.title ?? hostOf(client)}`.trim())
}

function hostOf(client: DevtoolsClient): string {
  try {
    const { providers = {} } = (client.explain?.() ?? {}) as {
      providers?: Record<string, { isClient?: boolean; baseURL?: string }>
    }
    const own = Object.values(providers).find(({ isClient }) => isClient)
    return new URL(own?.baseURL ?? '').host
  } catch {
    return '' // the place in the list is the name
  }
}
