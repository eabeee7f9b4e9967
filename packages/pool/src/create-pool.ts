import type { Dispatcher } from 'undici'
import { PoolClosedError } from './errors.ts'
import { LateDispatcher } from './undici/lazy-dispatcher.ts'
import { loadDispatcher } from './undici/load-dispatcher.ts'
import { createLeanFetch, type LeanFetch } from './fetch/lean-fetch.ts'
import { connectionsAtFirst, readOptions, type PoolOptions } from './options.ts'
import type { OriginStats } from './connections/origin-ledger.ts'
import { OriginLedgers } from './connections/origin-ledgers.ts'
import { createSpecFetch } from './undici/spec-fetch.ts'
import { StandIn } from './undici/lazy-dispatcher-facade.ts'
import { warm, type WarmOptions } from './warm.ts'

/** Connections to servers, and the ways to use them. */
export interface Pool {
  /** A lean fetch: hand it to any SDK. Made for calls to APIs; it rejects and answers as the global one does. */
  readonly fetch: LeanFetch
  /** undici's own fetch over the same connections, for every corner of the standard. */
  readonly specFetch: typeof globalThis.fetch
  /** The same connections for undici's other functions; a stand-in that waits for it until undici is loaded. */
  readonly dispatcher: Dispatcher
  /** Opens connections before they are needed, and loads undici, also for no origin. Rejects when an origin cannot be reached. */
  warm(origins: readonly string[], options?: WarmOptions): Promise<void>
  /** What happened and what is going on, by origin. */
  stats(): Record<string, OriginStats>
  /** Takes no new requests, lets those under way come to their end, and closes all connections. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Makes a pool of connections. Nothing is opened before the first request. Throws a TypeError for a wrong option. */
export function createPool(options: PoolOptions = {}): Pool {
  const settings = readOptions(options)
  const ledgers = new OriginLedgers((origin) => connectionsAtFirst(settings.of(origin)))
  const late = new LateDispatcher(
    () => loadDispatcher(settings, (origin) => ledgers.open(origin)),
    (origin) => ledgers.open(origin),
  )
  let closing: Promise<void> | undefined
  let warned = false

  const check = (): void => {
    if (closing) throw new PoolClosedError()
  }
  const onAbandoned = (origin: string, ageMs: number): void => {
    const ledger = ledgers.find(origin)
    if (ledger) ledger.abandoned++
    if (warned) return
    warned = true
    process.emitWarning(
      `Nobody reads the body of an answer from ${origin}, asked for ${Math.round(ageMs / 1_000)} s ago; ` +
        'its connection was closed. Read every body, or call response.body.cancel(). Said once per pool.',
      { type: 'PoolWarning', code: 'HARBOR_POOL_ABANDONED_BODY' },
    )
  }
  // Loaded while the program starts. Whoever sends something is told if that fails.
  late.ready().catch(() => undefined)
  let standIn: StandIn | undefined
  const fetch = createLeanFetch({ dispatcher: late, settingsOf: settings.of, onAbandoned, check })

  const pool: Pool = {
    fetch,
    specFetch: createSpecFetch(late, check),
    get dispatcher() {
      return late.made ?? ((standIn ??= new StandIn(late)) as unknown as Dispatcher)
    },
    warm: async (origins, warmOptions) => {
      await warm(fetch, (origin) => connectionsAtFirst(settings.of(origin)), origins, warmOptions)
      await late.ready()
    },
    stats: () => ledgers.stats(),
    close: () => (closing ??= late.close()),
    [Symbol.asyncDispose]: () => pool.close(),
  }
  return pool
}
