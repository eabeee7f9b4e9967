/**
 * Performance optimization: cache, connections, prediction, and a monitor that says what to change.
 *
 * Scenario: the users of a help desk ask much the same questions, one after the other. Their sessions are replayed through a client
 * with too few connections, through the bare SDK, and through a client with cache, connections and prediction.
 *
 *     pnpm example performance-optimization                     against the simulator: no key, no network
 *     OPENAI_API_KEY=… pnpm example performance-optimization    a few calls to a real provider (OPENAI_BASE_URL, HARBOR_MODEL)
 *
 * Time is compressed: an answer is fresh for an hour in life, for 1.8 s here. The provider takes its own time, some 120 ms.
 */
import { Harbor, perCall, type HarborOptions } from '@harbor/core'
import { createResourceMonitor } from '@harbor/core/monitor'
import { fork } from 'node:child_process'
import { subscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import OpenAI from 'openai'
import { percent, printMonitor } from './lib/print-monitor.ts'

// ── Configuration ─────────────────────────────────────────────────────────────────────────────────

const COMPRESSION = 2_000
const MODEL = process.env['HARBOR_MODEL'] ?? 'gpt-4'
/** 1,000 entries, fresh for an hour; 20 connections; prefetching, which stops by itself when its predictions are poor. */
const PERFORMANCE: HarborOptions = {
  cache: { maxEntries: 1_000, ttlMs: 3_600_000 / COMPRESSION, scope: 'help desk' },
  pool: { connections: 20 },
  prefetch: { maxPerMinute: 5_000, onlyWhenIdle: false, minSupport: 1 },
  limits: { requestsPerMinute: 20_000 },
}

// ── The workload ──────────────────────────────────────────────────────────────────────────────────

const WORKLOAD = { atOnce: 44, topics: 60, questions: 4, thinkMs: 10 }
/** Users with a routine, who pause for longer than the provider takes, and return when all answers are stale. */
const ROUTINE = { atOnce: 8, visits: 5, thinkMs: 500 }

/** The questions of each session, in order: topics about by Zipf's law, and of each its first questions. The same in every run. */
function sessions(count: number, state = 7): string[][] {
  const below = (most: number): number => ((state = (state * 48_271) % 2_147_483_647) / 2_147_483_647) * most
  return Array.from({ length: count }, () => {
    const topic = Math.floor(WORKLOAD.topics ** below(1))
    return Array.from({ length: 1 + below(WORKLOAD.questions) }, (_, n) => `Topic ${topic}, question ${n}?`)
  })
}

async function replay(
  client: OpenAI,
  all: readonly string[][],
  { atOnce, thinkMs } = WORKLOAD as { atOnce: number; thinkMs: number },
) {
  const [waits, left]: [number[], Iterable<string[]>] = [[], all.values()]
  const user = async (_: unknown, place: number): Promise<void> => {
    for (const questions of left) {
      const options = client instanceof Harbor ? perCall({ session: `${place} ${questions[0] ?? ''}` }) : {}
      for (const content of questions) {
        const [begun, messages] = [performance.now(), [{ role: 'user' as const, content }]]
        await client.chat.completions.create({ model: MODEL, temperature: 0, messages }, options)
        waits.push(performance.now() - begun)
        await setTimeout(thinkMs * (0.5 + Math.random()))
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, user))
  return waits
}

/** What leaves the process: undici is below the SDK's `fetch` and below Harbor's pool. */
const sent = { requests: 0, sockets: 0 }
subscribe('undici:request:create', () => sent.requests++)
subscribe('undici:client:connected', () => sent.sockets++)

// ── Demonstration ─────────────────────────────────────────────────────────────────────────────────

async function measure(client: OpenAI, all: readonly string[][]) {
  // The bare SDK has no figures of its own; the process has, beside any client.
  const harbor = client instanceof Harbor ? client : new Harbor()
  using monitor = createResourceMonitor(harbor, { intervalMs: 25, windowMs: 25_000 })
  const [before, cpu, begun] = [{ ...sent }, process.cpuUsage(), performance.now()]
  const waits = await replay(client, all)
  const [seconds, { user, system }] = [(performance.now() - begun) / 1_000, process.cpuUsage(cpu)]
  const [reading, { cache }] = [monitor.read(), harbor.stats()]
  const figures = {
    'mean response time, ms': mean(waits),
    'throughput, questions/s': waits.length / seconds,
    'CPU per question, µs': (user + system) / waits.length,
    'greatest heap, MiB': reading.memory.heapPeakBytes / 2 ** 20,
    'sockets opened': sent.sockets - before.sockets,
    'requests to the provider': sent.requests - before.requests,
  }
  await harbor.close()
  return { reading, cache, figures }
}

async function demonstrate(all: readonly string[][], baseURL?: string, warmUpURL?: string): Promise<void> {
  const harbor = (options: HarborOptions) => (url?: string) => new Harbor({ baseURL: url, ...options })
  async function run(make: (url?: string) => OpenAI, part = all) {
    // The first calls of a process are slow.
    if (warmUpURL !== undefined) await measure(make(warmUpURL), all.slice(0, 50))
    return measure(make(baseURL), part)
  }
  console.log(`   ${all.flat().length} questions, ${new Set(all.flat()).size} of them different`)
  const narrow = await run(harbor({ pool: { connections: 4 } }), all.slice(0, 50))
  const [bare, tuned] = [await run((url) => new OpenAI({ baseURL: url })), await run(harbor(PERFORMANCE))]
  console.log(`🎯 Cache hit ratio: ${percent(tuned.cache.ratio)}`)
  console.log(`🔗 Pool utilization: ${percent(tuned.reading.sockets?.utilization)}`)
  console.log('📈 Improvement over the bare SDK:')
  for (const [what, from] of Object.entries(bare.figures)) {
    const to = tuned.figures[what as keyof typeof bare.figures]
    const part = `${percent(Math.abs(to - from) / from)} ${to < from ? 'less' : 'more'}`
    console.log(`   - ${what}: ${from.toFixed(0)} → ${to.toFixed(0)} (${part})`)
  }
  printMonitor('4 connections, no cache', narrow.reading, MODEL)
  printMonitor('20 connections, cache, prediction', tuned.reading, MODEL)
}

/** The same routine without and with prediction: the next answer is there before its question is asked. */
async function predict(baseURL?: string): Promise<void> {
  const steps = (visit: number) =>
    [1, 2, 3, 4].map((step) => `Routine ${visit % ROUTINE.atOnce}, step ${step}?`)
  const all = Array.from({ length: ROUTINE.atOnce * ROUTINE.visits }, (_, visit) => steps(visit))
  const run = async (prefetch: HarborOptions['prefetch']) => {
    await using harbor = new Harbor({ baseURL, ...PERFORMANCE, prefetch })
    return { wait: mean(await replay(harbor, all, ROUTINE)), stats: harbor.stats() }
  }
  const [without, ahead] = await Promise.all([run(false), run(PERFORMANCE.prefetch)])
  const { loaded, useful } = ahead.stats.cache.prefetch
  console.log(
    `🔮 Prediction, ${all.length} visits with pauses - mean response time: ${without.wait.toFixed(0)} → ${ahead.wait.toFixed(0)} ms`,
  )
  console.log(`   prefetched: ${loaded}, of use: ${useful}`)
}

const mean = (waits: readonly number[]): number => waits.reduce((sum, ms) => sum + ms, 0) / waits.length
const isReal = Boolean(process.env['OPENAI_API_KEY'])
process.env['OPENAI_API_KEY'] ||= 'simulated'
console.log('⚡ Performance optimization\n================================')
console.log(`   asking ${isReal ? 'a real provider' : 'the simulator'}`)
const provider = isReal ? undefined : fork(new URL('lib/provider-process.ts', import.meta.url))
const [[...urls] = []] = (provider ? await once(provider, 'message') : []) as [string[]?]
await demonstrate(sessions(isReal ? 4 : 1_000), ...urls)
if (!isReal) await predict(urls[0])
provider?.kill()

// ── Best practice ─────────────────────────────────────────────────────────────────────────────────
// Only repeatable answers are cached: temperature 0 or a seed. Set `scope` where users share answers; without it, keys do not.
// Let a monitor run in production, and log the advice that `onAdvice` gets.
