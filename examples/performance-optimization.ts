/**
 * Performance optimization: cache, connections, prediction, and a monitor that says what to change.
 *
 * Scenario: users of a help desk ask much the same, one question after the other. Their sessions are replayed by a client that its
 * monitor finds fault with, by the bare SDK, and by a client with cache, connections and prediction.
 *
 *     pnpm example performance-optimization                     against the simulator: no key, no network
 *     OPENAI_API_KEY=… pnpm example performance-optimization    a few calls to a real provider (OPENAI_BASE_URL, HARBOR_MODEL)
 *
 * Time is compressed: an answer lives for an hour in life and for 1.8 s here, and users think as much faster. The provider, in a process
 * of its own, takes its own time, some 120 ms, so that what users wait for and what the client costs are compared as they are.
 */
import { Harbor, perCall, type HarborOptions } from '@harbor/core'
import { createResourceMonitor, type ResourceReading } from '@harbor/core/monitor'
import { startSimulator } from '@harbor/simulator'
import { fork } from 'node:child_process'
import { subscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import OpenAI from 'openai'

// ── Configuration ─────────────────────────────────────────────────────────────────────────────────

const COMPRESSION = 2_000
const MODEL = process.env['HARBOR_MODEL'] ?? 'gpt-4'
/** 1,000 entries, fresh for an hour; 20 connections; what is asked ahead ends by itself when too little of it is wanted. */
const PERFORMANCE: HarborOptions = {
  cache: { maxEntries: 1_000, ttlMs: 3_600_000 / COMPRESSION, scope: 'help desk' },
  pool: { connections: 20 },
  prefetch: { maxPerMinute: 5_000, onlyWhenIdle: false },
  limits: { requestsPerMinute: 20_000 },
}

// ── The workload ──────────────────────────────────────────────────────────────────────────────────

const WORKLOAD = { atOnce: 44, topics: 60, questions: 4, thinkMs: 20_000 / COMPRESSION } as const

/** What each user asks, in order: topics about by Zipf's law, and of each its first questions. The same in every run. */
function sessions(count: number, state = 7): string[][] {
  const below = (most: number): number => ((state = (state * 48_271) % 2_147_483_647) / 2_147_483_647) * most
  return Array.from({ length: count }, () => {
    const topic = Math.floor(WORKLOAD.topics ** below(1))
    return Array.from({ length: 1 + below(WORKLOAD.questions) }, (_, n) => `Topic ${topic}, question ${n}?`)
  })
}

async function replay(client: OpenAI, all: readonly string[][]): Promise<number[]> {
  const [waits, left]: [number[], Iterable<string[]>] = [[], all.values()]
  const user = async (_: unknown, place: number): Promise<void> => {
    for (const questions of left) {
      const options = client instanceof Harbor ? perCall({ session: `${place} ${questions[0] ?? ''}` }) : {}
      for (const content of questions) {
        const [begun, messages] = [performance.now(), [{ role: 'user' as const, content }]]
        await client.chat.completions.create({ model: MODEL, temperature: 0, messages }, options)
        waits.push(performance.now() - begun)
        await setTimeout(WORKLOAD.thinkMs * Math.random() * 2)
      }
    }
  }
  await Promise.all(Array.from({ length: WORKLOAD.atOnce }, user))
  return waits
}

/** What leaves the process, whoever sends it: under the SDK's `fetch` and under Harbor's pool there is undici. */
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
    'mean response time, ms': waits.reduce((sum, wait) => sum + wait, 0) / waits.length,
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
    // The first calls of a process are slow, whoever makes them.
    if (warmUpURL !== undefined) await measure(make(warmUpURL), all.slice(0, 50))
    return measure(make(baseURL), part)
  }
  console.log(`   ${all.flat().length} questions, ${new Set(all.flat()).size} of them different`)
  const narrow = await run(harbor({ pool: { connections: 4 } }), all.slice(0, 50))
  const [bare, tuned] = [await run((url) => new OpenAI({ baseURL: url })), await run(harbor(PERFORMANCE))]
  const { ratio, prefetch } = tuned.cache
  console.log(`🎯 Cache hit ratio: ${percent(ratio)}`)
  console.log(`🔗 Pool utilization: ${percent(tuned.reading.sockets?.utilization)}`)
  console.log(`🔮 Asked ahead by prediction: ${prefetch.loaded}, of use: ${prefetch.useful}`)
  console.log('📈 Improvement over the bare SDK:')
  for (const [what, from] of Object.entries(bare.figures)) {
    const to = tuned.figures[what as keyof typeof bare.figures]
    const part = `${percent(Math.abs(to - from) / from)} ${to < from ? 'less' : 'more'}`
    console.log(`   - ${what}: ${from.toFixed(0)} → ${to.toFixed(0)} (${part})`)
  }
  monitored('4 connections, no cache', narrow.reading)
  monitored('20 connections, cache, prediction', tuned.reading)
}

function monitored(what: string, reading: ResourceReading): void {
  const { memory, sockets, queue, limits, advice } = reading
  console.log(`🩺 Monitor - ${what}:`)
  const { delayMs, utilization } = reading.eventLoop
  console.log(
    `   - event loop: ${percent(utilization)} at work, p99 of its delay ${delayMs?.p99.toFixed(0)} ms`,
  )
  console.log(`   - heap: at most ${percent(memory.heapPeakBytes / memory.heapLimitBytes)} of what V8 allows`)
  console.log(`   - sockets: ${percent(sockets?.utilization)} of ${sockets?.allowed} in use`)
  console.log(`   - queue: ${queue?.mostWaiting} at most, half wait ${queue?.waitMs?.p50.toFixed(0)} ms`)
  console.log(`   - limits: ${percent(limits[`openai/${MODEL}`]?.requestsUsed)} of the requests used`)
  console.log(advice.map(({ message }) => `   - advice: ${message}`).join('\n') || '   - no advice')
}

async function provide(): Promise<void> {
  const openai = { latency: { mean: 120, sigma: 0.3 } }
  const simulator = await startSimulator({ providers: { openai, warmUp: openai }, seed: 3 })
  process.send?.([...simulator.providers.values()].map(({ baseURL }) => baseURL))
}

const percent = (part = 0): string => `${(100 * part).toFixed(0)}%`
const isReal = Boolean(process.env['OPENAI_API_KEY'])
if (process.argv[2] === 'provide') await provide()
else {
  process.env['OPENAI_API_KEY'] ||= 'simulated'
  console.log('⚡ Performance optimization\n================================')
  console.log(`   asking ${isReal ? 'a real provider' : 'the simulator'}`)
  const provider = isReal ? undefined : fork(import.meta.filename, ['provide'])
  const [[...urls] = []] = (provider ? await once(provider, 'message') : []) as [string[]?]
  await demonstrate(sessions(isReal ? 4 : 1_000), ...urls)
  provider?.kill()
}

// ── Best practice ─────────────────────────────────────────────────────────────────────────────────
// Only what is repeatable is cached: temperature 0 or a seed. Give `scope` where users share answers; without it, keys do not.
// Let a monitor run in production, and log what its `onAdvice` is told.
