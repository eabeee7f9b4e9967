/**
 * Performance optimization: cache and prediction.
 *
 * Scenario: users of a help desk ask much the same, and after one question often the same next one. What was asked before is
 * answered from the cache; what is likely to be asked next is asked ahead. The same sessions are replayed without and with.
 *
 *     pnpm example performance-optimization                     against the simulator: no key, no network
 *     OPENAI_API_KEY=… pnpm example performance-optimization    a few calls to a real provider (OPENAI_BASE_URL, HARBOR_MODEL)
 *
 * Time is compressed: an answer lives for an hour in life and for 1.8 s here, and users think as much faster. Providers answer in
 * their own time, some 30 ms here, so that what a user waits for is compared as it is.
 */
import { Harbor, perCall, type HarborOptions } from '@harbor/core'
import { startSimulator } from '@harbor/simulator'

// ── Configuration ─────────────────────────────────────────────────────────────────────────────────

const COMPRESSION = 2_000
const MODEL = process.env['HARBOR_MODEL'] ?? 'gpt-4'
/** 1,000 entries, fresh for an hour; what is asked ahead is bounded, and ends by itself when too little of it is wanted. */
const PERFORMANCE = {
  cache: { maxEntries: 1_000, ttlMs: 3_600_000 / COMPRESSION, scope: 'help desk' },
  prefetch: {
    minSupport: 3,
    minConfidence: 0.5,
    minPrecision: 0.3,
    maxPerMinute: 5_000,
    onlyWhenIdle: false,
  },
  models: { [MODEL]: { price: { inputPerMillion: 30, outputPerMillion: 60 } } },
} satisfies HarborOptions

// ── The workload ──────────────────────────────────────────────────────────────────────────────────

const WORKLOAD = { sessions: 600, atOnce: 24, topics: 60, followUps: 3, goesOn: 0.8, thinkMs: 40 } as const

/** What each user asks, in order: topics by Zipf's law, and within a topic one question after the other, mostly. */
function sessions(count: number): string[][] {
  const random = seeded(7)
  const weights = Array.from({ length: WORKLOAD.topics }, (_, rank) => 1 / (rank + 1))
  const total = weights.reduce((sum, weight) => sum + weight)
  return Array.from({ length: count }, () => {
    let left = random() * total
    const topic = weights.findIndex((weight) => (left -= weight) <= 0)
    const questions = [`Topic ${topic}: what is it about?`]
    while (questions.length <= WORKLOAD.followUps && random() < WORKLOAD.goesOn)
      questions.push(`Topic ${topic}: and what about its side ${questions.length}?`)
    return questions
  })
}

/** @returns how long users waited for each answer, in milliseconds */
async function replay(harbor: Harbor, all: readonly string[][]): Promise<number[]> {
  const waits: number[] = []
  const left = all.values()
  const user = async (_: unknown, place: number): Promise<void> => {
    for (const questions of left) {
      const session = `user ${place} with ${questions[0] ?? ''}`
      for (const content of questions) {
        const begun = performance.now()
        await harbor.chat.completions.create(
          { model: MODEL, temperature: 0, messages: [{ role: 'user', content }] },
          perCall({ session }),
        )
        waits.push(performance.now() - begun)
        await new Promise((resolve) => setTimeout(resolve, WORKLOAD.thinkMs * Math.random() * 2))
      }
    }
  }
  await Promise.all(Array.from({ length: WORKLOAD.atOnce }, user))
  return waits
}

// ── Demonstration ─────────────────────────────────────────────────────────────────────────────────

async function measure(connection: HarborOptions, options: HarborOptions, all: readonly string[][]) {
  const harbor = new Harbor({ logLevel: 'off', ...connection, models: PERFORMANCE.models, ...options })
  const begun = performance.now()
  const waits = (await replay(harbor, all)).toSorted((a, b) => a - b)
  const stats = harbor.stats()
  await harbor.close()
  return {
    stats,
    meanMs: waits.reduce((sum, wait) => sum + wait, 0) / waits.length,
    medianMs: waits[waits.length >> 1] ?? 0,
    seconds: (performance.now() - begun) / 1_000,
  }
}

async function demonstrate(connection: HarborOptions, count: number): Promise<void> {
  const all = sessions(count)
  console.log(
    `   ${count} sessions, ${all.flat().length} questions, ${new Set(all.flat()).size} of them different`,
  )
  const without = await measure(connection, {}, all)
  const withCache = await measure(connection, PERFORMANCE, all)
  const { cache, prefetch, cost, attempts } = withCache.stats
  const { loaded, useful } = cache.prefetch
  console.log(`🎯 Cache hit ratio: ${percent(cache.ratio)}`)
  console.log(
    `🔮 Prediction - precision: ${percent(prefetch?.precision ?? 0)}, asked ahead: ${loaded}, of use: ${useful}, wasted: ${loaded - useful}`,
  )
  console.log('📈 Improvement:')
  console.log(`   - response time, mean: ${change(without.meanMs, withCache.meanMs, ' ms')}`)
  console.log(`   - response time, median: ${change(without.medianMs, withCache.medianMs, ' ms')}`)
  console.log(`   - calls upstream: ${change(without.stats.attempts, attempts)}`)
  console.log(
    `💰 Cost: $${without.stats.cost.spentUsd.toFixed(4)} → $${cost.spentUsd.toFixed(4)}, what was asked ahead included`,
  )
}

async function simulated(): Promise<void> {
  const latency = { mean: 30, sigma: 0.3 }
  const simulator = await startSimulator({ providers: { openai: { latency } }, seed: 3 })
  const { baseURL } = simulator.provider()
  await demonstrate({ apiKey: 'simulated', baseURL }, WORKLOAD.sessions)
  await simulator.close()
}

function change(before: number, after: number, unit = ''): string {
  const less = percent((before - after) / before)
  const digits = unit === '' ? 0 : 1
  return `${before.toFixed(digits)} → ${after.toFixed(digits)}${unit} (${less} less)`
}

const percent = (part: number): string => `${(100 * part).toFixed(0)}%`

/** The same sessions in every run. */
function seeded(state: number): () => number {
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}

const isReal = Boolean(process.env['OPENAI_API_KEY'])
console.log('⚡ Performance optimization\n================================')
console.log(isReal ? '   asking a real provider' : '   asking the simulator')
await (isReal ? demonstrate({}, 4) : simulated())

// ── Best practice ─────────────────────────────────────────────────────────────────────────────────
// Only what is repeatable is cached: temperature 0 or a seed. Give `scope` where users share answers; without it, keys do not.
// Give tags to answers that a change of your documents makes wrong, and call harbor.cache.invalidateTag when they change.
// Watch `stats().cache.prefetch`: what was asked ahead and never asked for was paid for all the same.
