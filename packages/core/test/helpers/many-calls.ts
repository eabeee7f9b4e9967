import { fork } from 'node:child_process'
import { getEventListeners, once } from 'node:events'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { Harbor } from '../../src/index.ts'

const AT_ONCE = 64
/** On Node 22 the bare SDK retains about 190 bytes for each call with a long-lived signal; on Node 24 it does not. */
const SDK_KEEPS_SIGNALS = Number.parseInt(process.versions.node, 10) < 24

/** The heap and the latency after a number of calls. */
export interface Reading {
  readonly calls: number
  /** After a garbage collection, with no call in flight. */
  readonly heapMegabytes: number
  /** Of the calls since the previous reading. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly perSecond: number
}

/**
 * Makes many different calls through one client with all policies on, against a provider in another process. All calls share one
 * signal, where the SDK does not retain it. Needs `node --expose-gc`.
 *
 * @param marks after how many calls a reading is taken, ascending
 */
export async function* manyCalls(marks: readonly number[]): AsyncGenerator<Reading, void> {
  // Otherwise V8 discards code that is no longer run, such as the type stripper, which would hide what calls retain.
  setFlagsFromString('--no-flush-bytecode')
  const provider = fork(join(import.meta.dirname, '../fixtures', 'provider-process.ts'), {
    execArgv: ['--conditions=@harbor/source'],
  })
  const [baseURL] = (await once(provider, 'message')) as [string]
  const harbor = new Harbor({
    baseURL,
    apiKey: 'key',
    providers: { backup: { apiKey: 'another key', baseURL } },
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
