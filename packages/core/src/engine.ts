import { createPool, type Pool } from '@harbor/pool'
import { OptionError } from './errors.ts'
import type { Log } from './exchange.ts'
import { fetchTransport, poolTransport } from './layers/transport.ts'
import { openExchange } from './open-exchange.ts'
import type { HarborOptions } from './options.ts'
import { createPipeline } from './pipeline.ts'
import type { Policy } from './policy.ts'
import { respond } from './respond.ts'
import { CallStatistics, type HarborStats } from './stats.ts'
import { Telemetry } from './telemetry.ts'

/** One pipeline and its state, shared by a client and all copies made of it. */
export interface Engine {
  readonly fetch: typeof globalThis.fetch
  readonly telemetry: Telemetry
  stats(): HarborStats
  close(): Promise<void>
}

/** Under this symbol a pipeline's `fetch` carries its engine, so that a copy of a client does not wrap it again. */
const ENGINE: unique symbol = Symbol('harbor.engine')

/** The engine behind a `fetch`, if it is one of ours. */
export function engineOf(fetch: unknown): Engine | undefined {
  return typeof fetch === 'function' ? (fetch as { [ENGINE]?: Engine })[ENGINE] : undefined
}

/** @param policy for calls that reach `fetch` without a client around them */
export function createEngine(options: HarborOptions, policy: Policy, log: Log): Engine {
  const telemetry = new Telemetry()
  const statistics = new CallStatistics(telemetry)
  const { pool, isOwn } = options.fetch ? { pool: undefined, isOwn: false } : poolOf(options.pool)
  const transport = options.fetch
    ? fetchTransport(options.fetch as typeof globalThis.fetch)
    : poolTransport(pool as Pool)
  const handle = createPipeline(transport, telemetry)
  let calls = 0
  const defaults = { policy, log, nextId: () => `call_${(++calls).toString(36)}` }

  async function harborFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const exchange = await openExchange(input, init, defaults)
    return respond(await handle(exchange), exchange.receipt)
  }

  const engine: Engine = {
    fetch: harborFetch,
    telemetry,
    stats: () => ({ ...statistics.read(), pool: pool?.stats() ?? {} }),
    close: async () => {
      if (isOwn) await pool?.close()
    },
  }
  return Object.assign(engine, { fetch: Object.assign(harborFetch, { [ENGINE]: engine }) })
}

function poolOf(option: HarborOptions['pool']): { pool: Pool; isOwn: boolean } {
  if (option && 'fetch' in option) return { pool: option, isOwn: false }
  try {
    // A second sending that the pool keeps to itself would be missing from the receipt: here only the retry layer retries.
    return { pool: createPool({ staleSocketRetry: false, ...option }), isOwn: true }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new OptionError('pool', `In pool: ${error.message}`)
  }
}
