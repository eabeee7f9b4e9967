import { untilAborted } from '@harbor/parts'
import type { Dispatcher } from 'undici'
import type { OriginStats } from './connections/origin-ledger.ts'
import { OriginLedgers } from './connections/origin-ledgers.ts'
import { PoolClosedError } from './errors.ts'
import { createLeanFetch, type LeanFetch } from './fetch/lean-fetch.ts'
import { isForm } from './fetch/outgoing-body.ts'
import { connectionsAtFirst, readOptions, type PoolOptions } from './options.ts'
import { LazyDispatcher } from './undici/lazy-dispatcher.ts'
import { LazyDispatcherFacade } from './undici/lazy-dispatcher-facade.ts'
import { loadDispatcher } from './undici/load-dispatcher.ts'
import { warm, type WarmOptions } from './warm.ts'

/** A pool of HTTP connections, with several ways to send requests over them. Created by `createPool`. */
export interface Pool {
  /**
   * A `fetch` for API calls, which takes less CPU time than the global one and can be passed to any SDK. It resolves and rejects as the global fetch
   * does, with one difference: it rejects with PoolQueueFullError, PoolQueueTimeoutError and PoolClosedError themselves, not with a TypeError that
   * has them as `cause`.
   */
  readonly fetch: LeanFetch
  /**
   * undici's own fetch, with all features of the fetch standard, over the connections of this pool. Slower than `fetch`. Needed for options that
   * `fetch` does not support, such as `integrity`.
   */
  readonly specFetch: typeof globalThis.fetch
  /**
   * An undici Dispatcher over the connections of this pool, for other functions of undici, such as `request`. Its methods wait until undici
   * is loaded.
   */
  readonly dispatcher: Dispatcher
  /**
   * Loads undici, and opens connections to these origins before they are needed. With an empty list, only loads undici.
   *
   * @param origins such as `https://api.openai.com`
   * @param options how many connections, and by which request
   * @throws the error of the first request that failed, if an origin cannot be reached; the status of an answer does not matter. TypeError for more
   * `connections` than `WarmOptions` allows
   */
  warm(origins: readonly string[], options?: WarmOptions): Promise<void>
  /**
   * Returns the statistics of each origin that was called, since the pool was created. At most about 1,000 origins; beyond that, the oldest one
   * without connections is dropped.
   */
  stats(): Record<string, OriginStats>
  /**
   * Rejects new requests with PoolClosedError, waits until all earlier ones have ended, then closes all connections. Calling it again returns the
   * same promise.
   */
  close(): Promise<void>
  /** The same as `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Creates a pool. It opens no connection before the first request, but loads undici at once.
 *
 * @throws TypeError for an invalid option
 */
export function createPool(options: PoolOptions = {}): Pool {
  const settings = readOptions(options)
  const ledgers = new OriginLedgers((origin) => connectionsAtFirst(settings.of(origin)))
  const lazy = new LazyDispatcher(
    () => loadDispatcher(settings, (origin) => ledgers.open(origin)),
    (origin) => ledgers.open(origin),
  )
  let closing: Promise<void> | undefined
  let warned = false

  const throwIfClosed = (): void => {
    if (closing) throw new PoolClosedError()
  }
  const onAbandoned = (origin: string, ageMs: number): void => {
    const ledger = ledgers.find(origin)
    if (ledger) ledger.abandoned++
    if (warned) return
    warned = true
    process.emitWarning(
      `The body of a response from ${origin}, requested ${Math.round(ageMs / 1_000)} s ago, is not read; ` +
        'its connection was closed. Read every body, or call response.body.cancel(). Warned once per pool.',
      { type: 'PoolWarning', code: 'HARBOR_POOL_ABANDONED_BODY' },
    )
  }
  // Loads undici while the program starts. If that fails, each request rejects with the error.
  lazy.ready().catch(() => undefined)
  let facade: LazyDispatcherFacade | undefined
  const fetch = createLeanFetch({ dispatcher: lazy, settingsOf: settings.of, onAbandoned, throwIfClosed })

  const pool: Pool = {
    fetch,
    specFetch: createSpecFetch(lazy, throwIfClosed),
    get dispatcher() {
      return lazy.loaded ?? ((facade ??= new LazyDispatcherFacade(lazy)) as unknown as Dispatcher)
    },
    warm: async (origins, warmOptions) => {
      await warm(fetch, (origin) => connectionsAtFirst(settings.of(origin)), origins, warmOptions)
      await lazy.ready()
    },
    stats: () => ledgers.stats(),
    close: () => (closing ??= lazy.close()),
    [Symbol.asyncDispose]: () => pool.close(),
  }
  return pool
}

/**
 * Creates `specFetch`: undici's own fetch over the pool's connections. It also accepts a Request or FormData of the built-in classes,
 * which differ from undici's.
 */
function createSpecFetch(lazy: LazyDispatcher, throwIfClosed: () => void): typeof globalThis.fetch {
  const specFetch = async (input: string | URL | Request, init?: RequestInit): Promise<unknown> => {
    throwIfClosed()
    const form = isForm(init?.body) ? [...init.body] : undefined // a copy, since the caller may change the form while undici loads
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined)
    const loading = Promise.all([lazy.ready(), import('./undici/undici-fetch.ts')])
    const [dispatcher, { undiciFetch }] = await untilAborted(signal, loading)
    return undiciFetch(dispatcher, input, init, form)
  }
  return specFetch as typeof globalThis.fetch
}
