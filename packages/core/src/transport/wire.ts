import { untilAborted } from '@harbor/parts'
import { createPool, UndiciUnavailableError, type Pool, type PoolOptions } from '@harbor/pool'
import type { Transport } from '../call/exchange.ts'
import { OptionError } from '../base/errors.ts'
import { inSection } from '../base/in-section.ts'
import type { HarborOptions } from '../options/options.ts'
import { fetchTransport, ownRequests, poolTransport, type OwnRequests } from './transport.ts'

/** How the requests of a client are sent: its transport, and the pool behind it. */
export interface Wire {
  readonly transport: Transport
  /** Sends Harbor's own requests, such as health checks. */
  readonly fetch: OwnRequests
  readonly pool?: Pool
  /** Whether the pool was made for this client. If so, it is closed with the client. */
  readonly isOwn?: true
  explain(): ExplainedTransport
}

/** How requests are sent, as `explain()` shows it: over which connections, and what Harbor cannot observe there. */
export interface ExplainedTransport {
  /** `pool`: Harbor's connection pool. `fetch`: the `fetch` in the options. `runtime-fetch`: the runtime's own. */
  readonly by: 'pool' | 'fetch' | 'runtime-fetch'
  /** What Harbor cannot observe or configure with this transport, such as statistics of connections. */
  readonly unseen: readonly string[]
}

/**
 * Chooses how requests are sent: by the `fetch` or the pool in the options, or else by a pool made for this client. Bun replaces undici, so
 * in Bun its own `fetch` is used instead of such a pool.
 *
 * @param warn called when the pool made for this client cannot load undici
 */
export function wireOf({ fetch, pool }: HarborOptions, warn: (error: Error) => void): Wire {
  if (fetch)
    return {
      transport: fetchTransport(fetch),
      fetch: ownRequests(fetch),
      explain: () => ({ by: 'fetch', unseen: UNSEEN }),
    }
  if (pool && 'fetch' in pool) return { ...wireOfPool(pool), pool }
  if (process.versions['bun'] !== undefined) return wireOfBun(pool)
  const own = ownPool(pool)
  return { ...wireOfOwnPool(own, warn), pool: own, isOwn: true }
}

function wireOfPool(pool: Pool): Wire {
  return {
    transport: poolTransport(pool),
    fetch: ownRequests(pool.fetch),
    explain: () => ({ by: 'pool', unseen: [] }),
  }
}

function wireOfBun(pool: PoolOptions | undefined): Wire {
  if (pool) {
    throw new OptionError(
      'pool',
      'pool has no effect in Bun, which has its own undici. Leave it out, or give a fetch.',
    )
  }
  return wireOfRuntime()
}

function wireOfRuntime(): Wire {
  const { fetch } = globalThis
  return {
    transport: Object.assign(fetchTransport(fetch), { honoursSignal: true } as const),
    fetch: ownRequests(fetch),
    explain: () => ({ by: 'runtime-fetch', unseen: UNSEEN }),
  }
}

const UNSEEN = [
  'connections: stats().pool is empty, and neither their number nor their queue is bounded',
  'connect and idle timeouts of sockets: the clocks of the call bound them',
]

/**
 * Sends requests through the pool or, if the pool cannot load undici, through the runtime's `fetch`. For example, undici cannot be loaded
 * in an ES module bundle without `require`. Requests wait until it is known whether undici can be loaded.
 */
function wireOfOwnPool(pool: Pool, warn: (error: Error) => void): Wire {
  let chosen: Wire | undefined
  const loading = pool.warm([]).then(
    () => (chosen = wireOfPool(pool)),
    (error: unknown) => {
      // Other failures may be temporary: the pool tries again with the next request.
      if (!UndiciUnavailableError.is(error)) return (chosen = wireOfPool(pool))
      warn(error)
      return (chosen = wireOfRuntime())
    },
  )
  const transport: Transport = (exchange, attempt) =>
    chosen
      ? chosen.transport(exchange, attempt)
      : untilAborted(attempt.signal, loading).then((wire) => wire.transport(exchange, attempt))
  return {
    transport: Object.assign(transport, { honoursSignal: true } as const),
    fetch: async (input, init) => (chosen ?? (await loading)).fetch(input, init),
    explain: () => (chosen ?? wireOfPool(pool)).explain(),
  }
}

function ownPool(options: PoolOptions | undefined): Pool {
  // Only the retry layer retries: a request that the pool sent again would be missing from the receipt.
  return inSection('pool', () => createPool({ staleSocketRetry: false, ...options }))
}
