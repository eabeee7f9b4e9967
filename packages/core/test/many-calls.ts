import { fork } from 'node:child_process'
import { getEventListeners, once } from 'node:events'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { Harbor } from '../src/index.ts'

const AT_ONCE = 64
/** On Node 22 the SDK by itself leaves some 190 bytes behind of each call that is given a signal which lives on; on Node 24 it does not. */
const SDK_KEEPS_SIGNALS = Number.parseInt(process.versions.node, 10) < 24

/** What is left behind, and how long calls took, when so many were made. */
export interface Reading {
  readonly calls: number
  /** After a collection, with nothing under way. */
  readonly heapMegabytes: number
  /** Of the calls since the reading before. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly perSecond: number
}

/**
 * Makes calls through one client with every policy at work, each a question of its own, all with one caller's signal (where the SDK lets go
 * of it), against a provider in another process. Stops at each of these numbers to take a reading. Needs `node --expose-gc`.
 *
 * @param marks how many calls were made when a reading is taken, ascending
 */
export async function* manyCalls(marks: readonly number[]): AsyncGenerator<Reading, void> {
  // Code that nobody runs any more, such as what strips types, would be thrown away on the way, and hide what calls leave behind.
  setFlagsFromString('--no-flush-bytecode')
  const provider = fork(join(import.meta.dirname, 'fixtures', 'provider-process.ts'), {
    execArgv: ['--conditions=@harbor/source'],
  })
  const [baseURL] = (await once(provider, 'message')) as [string]
  const harbor = new Harbor({
    baseURL,
    apiKey: 'key',
    providers: { backup: { apiKey: 'key', baseURL } },
    fallback: ['backup/gpt-4'],
    cache: true,
    limits: { requestsPerMinute: 60_000_000, tokensPerMinute: 60_000_000_000, maxConcurrency: 10_000 },
    models: { 'gpt-4': { price: { inputPerMillion: 1, outputPerMillion: 2 } } },
    logLevel: 'off',
  })
  const { signal } = new AbortController()
  const options = SDK_KEEPS_SIGNALS ? {} : { signal }
  let made = 0
  async function work(until: number, tookMs: number[]): Promise<void> {
    while (made < until) {
      const messages = [{ role: 'user' as const, content: `Question ${++made}?` }]
      const begunAt = performance.now()
      await harbor.chat.completions.create({ model: 'gpt-4', temperature: 0, messages }, options)
      tookMs.push(performance.now() - begunAt)
    }
  }
  try {
    for (const mark of marks) {
      const before = made
      const tookMs: number[] = []
      const begunAt = performance.now()
      await Promise.all(Array.from({ length: AT_ONCE }, () => work(mark, tookMs)))
      const seconds = (performance.now() - begunAt) / 1_000
      tookMs.sort((one, other) => one - other)
      const [p50Ms, p99Ms] = [0.5, 0.99].map((part) => tookMs[Math.ceil(part * tookMs.length) - 1] ?? NaN)
      tookMs.length = 0
      const heapMegabytes = await heapAfterCollection()
      yield {
        calls: made,
        heapMegabytes,
        p50Ms: p50Ms ?? NaN,
        p99Ms: p99Ms ?? NaN,
        perSecond: (made - before) / seconds,
      }
    }
    const { calls, attempts } = harbor.stats()
    const listeners = getEventListeners(signal, 'abort').length
    if (calls !== made || attempts !== made || listeners > 0)
      throw new Error(
        `${made} calls were made, ${calls} counted in ${attempts} attempts; ${listeners} listeners stay`,
      )
  } finally {
    await harbor.close()
    provider.disconnect()
  }
}

/** Once more after a while: what finalizers and ended sockets let go is collected then. */
async function heapAfterCollection(): Promise<number> {
  for (let time = 0; time < 3; time++) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  globalThis.gc?.()
  return process.memoryUsage().heapUsed / 2 ** 20
}
