import { Alerts } from './alerts/alerts.ts'
import type { AlertStats } from './reporting/alert.ts'
import { CacheLayer } from './layers/cache.ts'
import { callContextOf } from './call/call-context.ts'
import { ClientGate } from './call/client-gate.ts'
import type { Log } from './call/exchange.ts'
import { wireOf } from './transport/wire.ts'
import { openExchange } from './call/open-exchange.ts'
import { assertNodeVersion } from './base/node-version.ts'
import type { HarborOptions } from './options/options.ts'
import { KeyLayers } from './layers/key.ts'
import { Quotas } from './limits/quotas.ts'
import { createPipeline } from './pipeline.ts'
import { Accounts } from './cost/accounts.ts'
import { EmbeddingBatch } from './layers/embedding-batch.ts'
import { embeddingBatchSettings } from './options/embedding-batch-options.ts'
import { PriceList } from './cost/price-list.ts'
import { costIsIncomplete } from './cost/tool-prices.ts'
import { CostTable } from './cost/cost-table.ts'
import { FleetLedger } from './cost/fleet-ledger.ts'
import { SpendLedger, type Ledger } from './cost/spend-limit.ts'
import { budgetsOf, budgetsUsed, potsOfCall } from './cost/spend-pots.ts'
import { SeparatingHeaders } from './cache/separating-headers.ts'
import { Scopes } from './cache/scopes.ts'
import { semanticOptions, storeOptions } from './options/cache-options.ts'
import { systemClock } from './base/clock.ts'
import { LivePolicy, RuntimeOverrides } from './policy/live-policy.ts'
import type { PerCall } from './options/per-call.ts'
import type { Policy } from './policy/policy.ts'
import { policyFor, type SettledOptions } from './policy/settle-options.ts'
import { RETRY_COUNT_HEADER } from './transport/retry-count-header.ts'
import { respond } from './call/harbor-response.ts'
import { RequestTemplates } from './openai-sdk/request-templates.ts'
import { CallStatistics, type HarborStats } from './stats.ts'
import { StickyTargets } from './routing/sticky-targets.ts'
import { KeyRings } from './routing/key-rings.ts'
import { Health } from './routing/health.ts'
import { LabelValues } from './reporting/label-values.ts'
import { ContentCapture } from './telemetry/content-capture.ts'
import { LabelStatistics } from './telemetry/label-statistics.ts'
import { Telemetry } from './telemetry/telemetry.ts'
import { HeldBytes } from './wire/held-bytes.ts'
import { ENGINE, type Engine } from './engine.ts'

assertNodeVersion(process.versions.node)

// An import of `node:crypto` would also load web crypto.
const { randomBytes } = /* @__PURE__ */ process.getBuiltinModule('node:crypto')

/** How long `close()` waits at most until captured content is passed on, in milliseconds. */
const MAX_CAPTURE_MS = 10_000

/** The maximum memory for all large answers that are read at the same time, as a multiple of `maxAnswerBytes`. */
const HELD_ANSWERS = 2

const SDK_RETRIES = 'The SDK that uses createHarborFetch() retries, too. Give it `maxRetries: 0`.'

/** @param given `isFetch`: whether `createHarborFetch()` creates the engine; otherwise a `Harbor` client does */
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
  const labelValues = new LabelValues()
  const labels = new LabelStatistics(labelValues)
  const capture = new ContentCapture(telemetry)
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
  const member = options.fleet
    ? options.fleet.join({ onChange: ({ degraded }) => telemetry.emit('fleet', { degraded }) })
    : undefined
  const rings = new KeyRings()
  const health = new Health({
    rings,
    breaker: options.breaker ?? {},
    checkIntervalMs: options.health === false ? false : (options.health?.checkIntervalMs ?? 30_000),
    fetch,
    telemetry,
    log,
    circuits: member?.circuits,
  })
  const accounts = new Accounts(
    new PriceList((error) => telemetry.warn('The price list cannot be loaded', error)),
    new CostTable(labelValues),
    (error) => telemetry.warn('Accounting for a call failed', error),
    (target, unpriced) => telemetry.advise(costIsIncomplete(target, unpriced)),
  )
  const ledger: Ledger = member?.money
    ? new FleetLedger(member.money)
    : new SpendLedger(() => systemClock.now())
  let calls = 0
  // 72 random bits, so that ids of different clients and processes differ, also of processes that were started from one snapshot.
  const prefix = `call_${randomBytes(9).toString('hex')}_`
  const nextId = (): string => prefix + (++calls).toString(36)
  const { prefetch } = options
  const batching = embeddingBatchSettings(options.embeddingBatch)
  const scopes = new Scopes()
  const separatingHeaders = new SeparatingHeaders()
  const stored = storeOptions(options.cache)
  const cache = new CacheLayer(
    {
      store: { farTier: member?.cacheStore, ...stored },
      fleet: member?.flights && {
        flights: member.flights,
        sharesFarTier: member.cacheStore !== undefined && stored.farTier === undefined,
        namespace: stored.namespace ?? '',
      },
      prefetch: prefetch === true ? {} : prefetch || undefined,
      semantic: semanticOptions(options.cache),
    },
    { scopes, separatingHeaders, accounts, ledger, telemetry, nextId, handle: (call) => handle(call) },
  )
  const quotas = new Quotas(
    rings,
    (error) => telemetry.warn('Learning from a call failed', error),
    member?.limiterFor,
  )
  const sticky = new StickyTargets()
  const keys = new KeyLayers(rings, health.cooldowns, quotas)
  const embeddingBatch =
    batching &&
    new EmbeddingBatch(batching, (exchange) => quotas.shortestWaitMs(exchange), {
      accounts,
      ledger,
      telemetry,
    })
  const handle = createPipeline(transport, {
    health,
    quotas,
    keys,
    sticky,
    cache,
    embeddingBatch,
    accounts,
    ledger,
    telemetry,
    labels,
    capture,
    held: new HeldBytes(HELD_ANSWERS * policy.maxAnswerBytes),
  })
  const { alerts: rules } = options
  const alerts =
    rules && rules.length > 0
      ? new Alerts(rules, { telemetry, now: () => systemClock.now(), read })
      : undefined
  const overrides = new RuntimeOverrides()
  const live = new LivePolicy(options, policy, overrides, given)
  const client = new ClientGate()
  let closing: Promise<void> | undefined

  function read(): Pick<AlertStats, 'cost' | 'budgets' | 'budgetsUsed' | 'targets'> {
    const { spendLimits } = live.current
    return {
      cost: accounts.read(),
      budgets: budgetsOf(ledger, spendLimits),
      budgetsUsed: (ratio) => budgetsUsed(ledger, spendLimits, ratio),
      targets: health.stats(),
    }
  }

  function fetchWith(perCall: PerCall): typeof globalThis.fetch {
    let given: Policy | undefined
    let own: Policy | undefined
    // The policy changes only by `configure()`, so it is not derived again for each call.
    const policyNow = (): Policy => {
      const { current } = live
      if (current === given && own) return own
      given = current
      return (own = policyFor(current, { totalMs: perCall.deadlineMs, timeouts: perCall.timeouts }))
    }
    return async function harborFetch(input, init) {
      const context = init && callContextOf(init)
      if (context?.alreadySent) return context.alreadySent
      const opened = openExchange(input, init, { policy: policyNow(), log, nextId, client, perCall })
      const exchange = opened instanceof Promise ? await opened : opened
      if (!context && Number(exchange.headers.get(RETRY_COUNT_HEADER)) > 0) telemetry.advise(SDK_RETRIES)
      return respond(await handle(exchange), exchange.receipt)
    }
  }

  const harborFetch = fetchWith({})

  async function close(graceMs: number): Promise<void> {
    alerts?.close()
    cache.stopPrefetching()
    health.close()
    await client.close(graceMs, async () => {
      await embeddingBatch?.close()
      await cache.close()
      await member?.close()
      if (isOwn) await pool?.close()
      await capture.close(Math.min(graceMs, MAX_CAPTURE_MS))
    })
  }

  const stats = (): HarborStats => ({
    ...statistics.read(),
    cost: accounts.read(),
    labels: labels.read(),
    captures: capture.stats(),
    cache: cache.stats(),
    prefetch: cache.prefetchStats(),
    semantic: cache.semanticReport(),
    embeddingBatch: embeddingBatch?.stats(),
    targets: health.stats(),
    limits: quotas.stats(),
    fleet: member?.stats(),
    pool: pool?.stats() ?? {},
    closed: closing !== undefined,
  })
  telemetry.client = {
    stats,
    on: (event, listener) => telemetry.on(event, listener),
  }
  telemetry.leftUsd = (limits, labels) =>
    Math.min(...potsOfCall(ledger, limits, labels).map(({ leftUsd }) => leftUsd))
  const engine: Engine = {
    fetch: harborFetch,
    fetchWith,
    telemetry,
    health,
    rings,
    keys,
    sticky,
    cache,
    scopes,
    separatingHeaders,
    accounts,
    ledger,
    templates: new RequestTemplates(),
    overrides,
    policy: live,
    explainTransport: () => wire.explain(),
    explainFleet: () => member && { share: member.share, ...member.stats() },
    stats,
    close: (graceMs) => (closing ??= close(graceMs)),
  }
  // `Response` is for the SDK, which would otherwise call `fetch` before an upload to find the class of its responses.
  return Object.assign(engine, { fetch: Object.assign(harborFetch, { [ENGINE]: engine, Response }) })
}
