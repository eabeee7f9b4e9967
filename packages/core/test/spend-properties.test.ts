import { startSimulator, type SimpleFault } from '@harbor/simulator'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Harbor, perCall, receiptOf, type Fleet, type SpendLimitOptions } from '../src/index.ts'
import { status } from './helpers/expect-failure.ts'
import { QUICK } from './helpers/harbor-for.ts'
import { laterMoney } from './helpers/later-money.ts'

/** One dollar for each token, so that amounts are easy to read. */
const PRICE = { inputPerMillion: 1_000_000, outputPerMillion: 1_000_000 }
const MOST = 7

/** How a provider treats its next requests. All but the first two fail, or are late enough for a hedge. */
const FAULTS: readonly (SimpleFault | 'ok')[] = [
  'ok',
  'ok',
  status(400) as SimpleFault,
  status(429) as SimpleFault,
  status(500) as SimpleFault,
  { type: 'reset' },
  { type: 'broken-json' },
  { type: 'error-200' },
  { type: 'stream-cut', afterEvents: 2 },
  { type: 'delay', ms: 25 },
  { type: 'hang' },
]

const call = fc.record({
  /** `once` makes at most one call in a run. */
  tenant: fc.constantFrom('a', 'b', 'c', undefined, 'once'),
  feature: fc.constantFrom('x', 'y', undefined),
  kind: fc.constantFrom('chat', 'stream', 'embedding', 'embedding', 'prefetch'),
  /** Calls with the same question share a request. */
  question: fc.nat(4),
  leavesAfterMs: fc.option(fc.nat(30), { nil: undefined, freq: 4 }),
  reads: fc.constantFrom('all', 'one'),
})
type Call = typeof call extends fc.Arbitrary<infer T> ? T : never

const limit: fc.Arbitrary<SpendLimitOptions> = fc.record({
  // The most expensive call reserves about 30.
  usd: fc.integer({ min: 40, max: 400 }),
  per: fc.constantFrom('total' as const, 'day' as const),
  by: fc.constantFrom(undefined, 'tenant', 'tenant', 'feature'),
})
const limits = fc.uniqueArray(limit, { minLength: 1, maxLength: 3, selector: ({ by }) => by })

const question = (number: number): string => `question number ${number} ${'and more '.repeat(number)}`

async function make(harbor: Harbor, { tenant, feature, kind, question: number, leavesAfterMs, reads }: Call) {
  const labels = { ...(tenant !== undefined && { tenant }), ...(feature !== undefined && { feature }) }
  const leaving = new AbortController()
  if (leavesAfterMs !== undefined) setTimeout(() => leaving.abort(), leavesAfterMs)
  const options = { ...perCall({ labels }), signal: leaving.signal }
  const messages = [{ role: 'user' as const, content: question(number) }]
  const body = { model: 'm', messages, temperature: 0, max_completion_tokens: MOST }
  if (kind === 'embedding') return harbor.embeddings.create({ model: 'e', input: question(number) }, options)
  if (kind === 'chat') return harbor.chat.completions.create(body, options)
  if (kind === 'prefetch') {
    const copy = harbor.withOptions({ labels })
    return copy.prefetch([{ url: '/v1/chat/completions', body }])
  }
  const stream = await harbor.chat.completions.create({ ...body, stream: true }, options)
  for await (const _chunk of stream) if (reads === 'one') break
  return stream
}

/** Runs the calls at once. Returns their errors, in the same order, and the amounts by which a limit was ever exceeded. */
async function run(
  calls: readonly Call[],
  spendLimit: readonly SpendLimitOptions[],
  faults: Faults,
  fleet: Fleet | false,
) {
  const simulator = await startSimulator({ providers: { primary: {}, backup: {} } })
  const [primary, backup] = [simulator.provider('primary'), simulator.provider('backup')]
  primary.fail({ type: 'sequence', faults: faults.primary })
  backup.fail({ type: 'sequence', faults: faults.backup })
  const harbor = new Harbor({
    apiKey: 'k',
    baseURL: primary.baseURL,
    logLevel: 'off',
    providers: { backup: { apiKey: 'k', baseURL: backup.baseURL } },
    models: {
      m: { price: PRICE },
      e: { price: PRICE },
      'backup/m': { price: PRICE },
      'backup/e': { price: PRICE },
    },
    fallback: { m: ['backup/m'], e: ['backup/e'] },
    hedge: { afterMs: 8, maxExtraRatio: 1 },
    retry: QUICK,
    maxRetries: 1,
    timeouts: { attemptMs: 100, idleMs: 100 },
    breaker: false,
    cache: { ttlMs: 3 },
    embeddingBatch: { maxWaitMs: 1 },
    spendLimit,
    fleet,
  })
  const exceeded: number[] = []
  const look = (): void => {
    for (const {
      limit: { usd },
      usedUsd,
      reservedUsd,
    } of harbor.spend())
      if (usedUsd + reservedUsd > usd + 1e-6) exceeded.push(usedUsd + reservedUsd - usd)
  }
  harbor.on('attempt', look)
  harbor.on('end', look)
  const errors = await Promise.all(
    calls.map((each) =>
      make(harbor, each).then(
        () => undefined,
        (error: unknown) => error as Error,
      ),
    ),
  )
  look()
  await expect.poll(() => harbor.spend().every(({ reservedUsd }) => reservedUsd < 1e-6)).toBe(true)
  await harbor.close({ graceMs: 0 })
  look()
  const rows = harbor.costReport({ by: ['tenant'] })
  const { spentUsd } = harbor.stats().cost
  const pots = harbor.spend()
  await simulator.close()
  return { errors, exceeded, pots, rows, spentUsd }
}

interface Faults {
  readonly primary: readonly (SimpleFault | 'ok')[]
  readonly backup: readonly (SimpleFault | 'ok')[]
}
const faults = fc.array(fc.constantFrom(...FAULTS), { maxLength: 25 })

const onlyOnce = (calls: readonly Call[]): readonly Call[] =>
  calls.filter(
    ({ tenant }, at) => tenant !== 'once' || calls.findIndex((each) => each.tenant === 'once') === at,
  )

describe.each(['of one process', 'of a fleet that decides later'])(
  'money by label, %s, over random calls, limits, shared requests, batches, hedges and failures',
  (where) => {
    const fleet = (): ReturnType<typeof laterMoney> | false =>
      where === 'of one process' ? false : laterMoney()

    it('is never spent beyond a limit, and no call is refused for the money of another label', async () => {
      const seen = { calls: 0, refused: 0, spent: 0, later: 0, cancelled: 0 }
      await fc.assert(
        fc.asyncProperty(
          fc.array(call, { minLength: 5, maxLength: 40 }).map(onlyOnce),
          limits,
          fc.record({ primary: faults, backup: faults }),
          async (calls, spendLimit, given) => {
            const shared = fleet()
            const { errors, exceeded, pots, rows, spentUsd } = await run(calls, spendLimit, given, shared)
            if (shared) seen.later += shared.counts.later
            if (shared) seen.cancelled += shared.counts.cancelled
            seen.calls += calls.length
            seen.spent += spentUsd
            expect(exceeded).toEqual([])
            for (const [at, error] of errors.entries()) {
              const { tenant = '', feature = '' } = calls[at] ?? {}
              if ((error as { code?: unknown } | undefined)?.code !== 'spend_limit') continue
              seen.refused++
              const { message } = error as Error
              const named = /for (?:(\w+) "(.*?)"|calls without (\w+)) is left/.exec(message)
              const [, by = named?.[3], value = ''] = named ?? []
              const own: Record<string, string> = { tenant, feature }
              if (by !== undefined) expect([by, value]).toEqual([by, own[by]])
              else expect(spendLimit.some((each) => each.by === undefined)).toBe(true)
              const onlyByTenant = spendLimit.every((each) => each.by === 'tenant')
              if (tenant === 'once' && onlyByTenant)
                expect(receiptOf(error)?.attempts.length).toBeGreaterThan(0)
            }
            // What the answers cost stands in the money of those that paid for them.
            for (const {
              limit: { by },
              value,
              usedUsd,
            } of pots) {
              const own =
                by === 'tenant' ? rows.find((row) => row.by['tenant'] === value)?.spentUsd : undefined
              expect(usedUsd).toBeGreaterThanOrEqual((by === undefined ? spentUsd : (own ?? 0)) - 1e-6)
            }
          },
        ),
        { numRuns: 40 },
      )
      expect(seen.refused).toBeGreaterThan(seen.calls / 50)
      expect(seen.refused).toBeLessThan(seen.calls / 2)
      expect(seen.spent).toBeGreaterThan(seen.calls)
      if (where !== 'of one process') {
        expect(seen.later).toBeGreaterThan(seen.calls / 10)
        expect(seen.cancelled).toBeGreaterThan(0)
      }
    })
  },
)
