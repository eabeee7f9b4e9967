/**
 * Batch processing.
 *
 * Scenario: 1,000 support tickets are to be sorted, and found again by meaning. They are asked many at once, within bounds; what is
 * asked twice is paid once; what can wait goes through the provider's Batch API for half the price, and what has a deadline there as far
 * as it is in time; embeddings go ten to a request.
 *
 *     pnpm example batch-processing                     against the simulator: no key, no network
 *     OPENAI_API_KEY=… pnpm example batch-processing    20 tickets to a real provider (OPENAI_BASE_URL, HARBOR_MODEL)
 */
import { createBatcher } from '@harbor/batch'
import { Harbor, type BulkAnswer, type BulkRequest, type BulkRun } from '@harbor/core'
import type { HarborBulkOptions, HarborOptions } from '@harbor/core'
import { startSimulator } from '@harbor/simulator'

// ── Configuration ─────────────────────────────────────────────────────────────────────────────────

const isReal = Boolean(process.env['OPENAI_API_KEY'])
const MODEL = process.env['HARBOR_MODEL'] ?? 'gpt-4'
/** Ten to a batch, five batches at once, none waits longer than five seconds, a gigabyte of waiting items at most. */
const BATCH = {
  maxBatchSize: 10,
  maxWaitMs: 5_000,
  maxConcurrentBatches: 5,
  maxQueueBytes: 1_000_000_000,
  sizeOf: (text: string) => ({ bytes: 2 * text.length }),
}
const AT_ONCE = BATCH.maxBatchSize * BATCH.maxConcurrentBatches
/** US dollars for a million tokens: what this model cost when this was written. */
const MODELS: HarborOptions['models'] = { [MODEL]: { price: { inputPerMillion: 30, outputPerMillion: 60 } } }

// ── The workload ──────────────────────────────────────────────────────────────────────────────────

/** Some tickets say what others have said before, word for word: chain letters, forms, impatience. */
function tickets(count: number): string[] {
  return Array.from({ length: count }, (_, number) => {
    const what = number % 4 === 3 ? number % 28 : number
    return `Ticket: my order ${what} has not arrived. What should I do, and where can I see its state?`
  })
}

function requests(texts: readonly string[]): BulkRequest[] {
  return texts.map((content, number) => ({
    custom_id: `ticket-${number}`,
    body: { model: MODEL, temperature: 0, messages: [{ role: 'user', content }] },
  }))
}

// ── Demonstration ─────────────────────────────────────────────────────────────────────────────────

/** Reads the results as they come, and prints the progress. */
async function finish(run: BulkRun<BulkAnswer>): Promise<{ seconds: number; failed: number }> {
  const begun = performance.now()
  let told = begun
  let failed = 0
  for await (const { ok } of run) {
    if (!ok) failed++
    if (performance.now() - told < 1_000) continue
    told = performance.now()
    const { ok: done, inFlight, total, etaMs = 0 } = run.progress()
    console.log(
      `   … ${done} of ${total} answered, ${inFlight} under way, ${(etaMs / 1_000).toFixed(1)} s to go`,
    )
  }
  return { seconds: (performance.now() - begun) / 1_000, failed }
}

const providerBatch = { pollMs: isReal ? 5_000 : 20, maxRequests: isReal ? 50_000 : 200 }
/** One by one, through the Batch API, and by a deadline: an hour, or a few seconds in which a batch usually takes one. */
const WAYS = {
  oneByOne: { concurrency: AT_ONCE },
  batched: { via: 'provider', providerBatch },
  byDeadline: isReal
    ? { via: 'auto', deadlineMs: 3_600_000, maxUsd: 5, providerBatch }
    : { via: 'auto', deadlineMs: 8_000, typicalBatchMs: 1_000, maxUsd: 50, providerBatch },
} satisfies Record<string, HarborBulkOptions>

async function bulk(
  connection: HarborOptions,
  options: HarborOptions,
  texts: readonly string[],
  way: keyof typeof WAYS = 'oneByOne',
) {
  await using harbor = new Harbor({ logLevel: 'off', ...connection, models: MODELS, ...options })
  const run = harbor.bulk(requests(texts), WAYS[way])
  const { seconds, failed } = await finish(run)
  return { seconds, failed, stats: harbor.stats() }
}

/** Embeddings, ten to a request. */
async function embed(connection: HarborOptions, texts: readonly string[]) {
  await using harbor = new Harbor({ logLevel: 'off', ...connection })
  const batcher = createBatcher(async (input: readonly string[], { signal }) => {
    const { data } = await harbor.embeddings.create(
      { model: 'text-embedding-3-small', input: [...input] },
      { signal },
    )
    return data.map(({ embedding }) => embedding)
  }, BATCH)
  await Promise.all(texts.map((text) => batcher.add(text)))
  return { ...batcher.stats(), upstream: harbor.stats().attempts }
}

async function demonstrate(connection: HarborOptions, count: number): Promise<void> {
  const texts = tickets(count)
  const distinct = [...new Set(texts)]
  console.log(`🚀 ${count} requests, ${AT_ONCE} at once, ${distinct.length} of them different`)
  const plain = await bulk(connection, {}, texts)
  const once = await bulk(connection, { cache: true }, texts)
  const cheap = await bulk(connection, {}, distinct, 'batched')
  const due = await bulk(connection, {}, distinct, 'byDeadline')
  const { batches, upstream } = await embed(connection, texts)

  console.log('📊 Batches of embeddings:')
  console.log(`   - number of batches: ${batches}, mean size: ${(count / batches).toFixed(1)}`)
  console.log(`   - requests: ${count} → ${upstream}`)
  console.log('📊 Bulk run:')
  console.log(`   - total time: ${plain.seconds.toFixed(1)} s, failed: ${plain.failed}`)
  console.log(`   - throughput: ${(count / plain.seconds).toFixed(0)} req/s`)
  console.log(`   - memory: ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MB`)
  const [alone = 0, ...others] = [plain, once, cheap, due].map(({ stats }) => stats.cost.spentUsd)
  console.log('💰 Cost:')
  console.log(`   - one by one: $${alone.toFixed(2)}`)
  const ways = ['asked once what is asked twice', "and through the provider's Batch API", 'or by a deadline']
  for (const [place, usd] of others.entries())
    console.log(`   - ${ways[place]}: $${usd.toFixed(2)} (${saved(alone, usd)} less)`)
  console.log(`   - the deadline was met in ${due.seconds.toFixed(1)} s`)
}

async function simulated(): Promise<void> {
  const simulator = await startSimulator({ providers: { openai: { latency: 100, batches: { runMs: 300 } } } })
  const { baseURL } = simulator.provider()
  await demonstrate({ apiKey: 'simulated', baseURL }, 1_000)
  await simulator.close()
}

const saved = (before: number, after: number): string => `${((100 * (before - after)) / before).toFixed(0)}%`

console.log('📦 Batch processing\n================================')
console.log(
  isReal ? '   asking a real provider' : '   asking the simulator, which takes 100 ms for an answer',
)
await (isReal ? demonstrate({}, 20) : simulated())

// ── Best practice ─────────────────────────────────────────────────────────────────────────────────
// Give a run that takes longer than a coffee a `journal`: after a crash it continues, and pays for nothing twice.
// Set `limits` to what your provider allows, or to `{}` to learn it: calls then wait here instead of being refused there.
// Set `stopWhen: { failureRate: 0.5 }`: a million requests with a wrong model name should not all be sent.
