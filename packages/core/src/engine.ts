import { Alerts } from './alerts/alerts.ts'
import type { Cache } from '@harbor/cache'
import { callContextOf } from './call/call-context.ts'
import { ClientGate } from './call/client-gate.ts'
import type { Log } from './call/exchange.ts'
import { wireOf, type ExplainedTransport } from './transport/wire.ts'
import { openExchange } from './call/open-exchange.ts'
import { assertNodeVersion } from './base/node-version.ts'
import { OptionError } from './base/errors.ts'
import { graceMsOf, type CloseOptions } from './options/close-options.ts'
import type { HarborOptions } from './options/options.ts'
import { Quotas } from './limits/quotas.ts'
import { createPipeline } from './pipeline.ts'
import { Accounts } from './cost/accounts.ts'
import { EmbeddingBatch } from './layers/embedding-batch.ts'
import { embeddingBatchSettings } from './options/embedding-batch-options.ts'
import { Foresight } from './prefetch/foresight.ts'
import { PriceList } from './cost/price-list.ts'
import { SpendLedger } from './cost/spend-limit.ts'
import { AnswerStore } from './cache/answer-store.ts'
import { NearTwins } from './cache/near-twins.ts'
import { Scopes } from './cache/scopes.ts'
import { storeOptions } from './options/cache-options.ts'
import { systemClock } from './base/clock.ts'
import { Changes, LivePolicy } from './policy/live-policy.ts'
import type { SettledOptions } from './policy/settle-options.ts'
import { respond } from './call/respond.ts'
import { KnownRequests } from './openai-sdk/request-templates.ts'
import { CallStatistics, type HarborStats } from './stats.ts'
import { Health } from './routing/health.ts'
import { Telemetry } from './telemetry/telemetry.ts'
import { HeldBytes } from './wire/held-bytes.ts'

assertNodeVersion(process.versions.node)

/** One pipeline and its state, shared by a client and all copies made of it. */
export interface Engine {
  readonly fetch: typeof globalThis.fetch
  readonly telemetry: Telemetry
  readonly health: Health
  readonly answers: AnswerStore
  readonly scopes: Scopes
  readonly twins: NearTwins
  readonly accounts: Accounts
  readonly knownRequests: KnownRequests
  /** What was changed at run time, for a client and all its copies. */
  readonly changes: Changes
  explainTransport(): ExplainedTransport
  stats(): HarborStats
  /** @param graceMs how long to await what was sent, in milliseconds */
  close(graceMs: number): Promise<void>
}

/** Under this symbol a pipeline's `fetch` carries its engine, so that a copy of a client does not wrap it again. */
const ENGINE: unique symbol = Symbol('harbor.engine')

/** The engine behind a `fetch`, if it is one of ours. */
export function engineOf(fetch: unknown): Engine | undefined {
  return typeof fetch === 'function' ? (fetch as { [ENGINE]?: Engine })[ENGINE] : undefined
}

/** @returns the same promise each time; rejects with OptionError for an option that makes no sense */
export function closeEngine(engine: Engine, options: CloseOptions): Promise<void> {
  try {
    return engine.close(graceMsOf(options))
  } catch (error) {
    if (!OptionError.is(error)) throw error
    return Promise.reject(error)
  }
}

/** Distinguishes the calls of this client from those of others, also in other processes. No secret: web crypto would cost its loading. */
function idPrefix(): string {
  return Math.random().toString(36).slice(2, 13).padEnd(11, '0')
}

/** The memory of large answers that are read at once, as a multiple of `maxAnswerBytes`. */
const HELD_ANSWERS = 2

/** @param given.isFetch whether calls reach `fetch` without a client around them */
export function createEngine(
  options: HarborOptions,
  { policy, leftOut }: SettledOptions,
  log: Log,
  given: { isFetch?: boolean } = {},
): Engine {
  for (const name of leftOut) {
    log(
      'warn',
      () => `providers.${name} has no apiKey and is left out. Give its key, or null if it needs none.`,
    )
  }
  const telemetry = new Telemetry()
  const statistics = new CallStatistics(telemetry)
  const wire = wireOf(options, ({ message }) => {
    process.emitWarning(
      `Harbor sends requests by the runtime's fetch, without its connection pool: ${message}`,
      {
        type: 'HarborWarning',
        code: 'HARBOR_NO_POOL',
      },
    )
  })
  const { transport, fetch, pool, isOwn } = wire
  const health = new Health({
    breaker: options.breaker ?? {},
    checkIntervalMs: options.health === false ? false : (options.health?.checkIntervalMs ?? 30_000),
    fetch,
    telemetry,
    log,
  })
  const accounts = new Accounts(
    new PriceList((error) => telemetry.warn('The price list cannot be loaded', error)),
    (error) => telemetry.warn('Accounting for a call failed', error),
  )
  const ledger = new SpendLedger(() => systemClock.now())
  const answers = new AnswerStore(storeOptions(options.cache))
  let calls = 0
  const prefix = `call_${idPrefix()}_`
  const nextId = (): string => prefix + (++calls).toString(36)
  const store = (): Cache<never> => answers.open()
  const { prefetch } = options
  const batching = embeddingBatchSettings(options.embeddingBatch)
  const foresight = prefetch
    ? new Foresight(prefetch === true ? {} : prefetch, { store, nextId, handle: (call) => handle(call) })
    : undefined
  const scopes = new Scopes()
  const twins = new NearTwins()
  const quotas = new Quotas((error) => telemetry.warn('Learning from a call failed', error))
  const embeddingBatch =
    batching && new EmbeddingBatch(batching, (exchange) => quotas.shortestWaitMs(exchange))
  const handle = createPipeline(transport, {
    health,
    quotas,
    store,
    scopes,
    twins,
    foresight,
    embeddingBatch,
    accounts,
    ledger,
    telemetry,
    held: new HeldBytes(HELD_ANSWERS * policy.maxAnswerBytes),
  })
  const { alerts: rules } = options
  const alerts =
    rules && rules.length > 0
      ? new Alerts(rules, { telemetry, now: () => systemClock.now(), read })
      : undefined
  const changes = new Changes()
  const live = new LivePolicy(options, policy, changes, given)
  const client = new ClientGate()
  let closing: Promise<void> | undefined

  function read(): Pick<HarborStats, 'cost' | 'targets'> {
    return { cost: accounts.read(), targets: health.stats() }
  }

  async function harborFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const outcome = init && callContextOf(init)?.outcome
    if (outcome) return outcome
    const opened = openExchange(input, init, { policy: live.current, log, nextId, client })
    const exchange = opened instanceof Promise ? await opened : opened
    return respond(await handle(exchange), exchange.receipt)
  }

  async function close(graceMs: number): Promise<void> {
    alerts?.close()
    foresight?.close()
    health.close()
    await client.close(graceMs, async () => {
      await embeddingBatch?.close()
      await answers.close()
      if (isOwn) await pool?.close()
    })
  }

  const engine: Engine = {
    fetch: harborFetch,
    telemetry,
    health,
    answers,
    scopes,
    twins,
    accounts,
    knownRequests: new KnownRequests(),
    changes,
    explainTransport: () => wire.explain(),
    stats: () => ({
      ...statistics.read(),
      cost: accounts.read(),
      cache: answers.stats(),
      prefetch: foresight?.stats(),
      embeddingBatch: embeddingBatch?.stats(),
      targets: health.stats(),
      limits: quotas.stats(),
      pool: pool?.stats() ?? {},
      closed: closing !== undefined,
    }),
    close: (graceMs) => (closing ??= close(graceMs)),
  }
  // `Response` is for the SDK, which before an upload would otherwise call `fetch` to see what it makes.
  return Object.assign(engine, { fetch: Object.assign(harborFetch, { [ENGINE]: engine, Response }) })
}
