import { getEventListeners } from 'node:events'
import { startSimulator, type Rule } from '@harbor/simulator'
import { expect, it } from 'vitest'
import { APIError, Harbor } from '../src/index.ts'

const CALLS = 100_000
const AT_ONCE = 64
const QUESTION = { model: 'gpt-4', messages: [{ role: 'user' as const, content: 'Say hello.' }] }
const FAULTS: Rule[] = [
  { when: { probability: 0.02 }, fault: { type: 'status', status: 500 } },
  { when: { probability: 0.02 }, fault: { type: 'reset', when: 'before-headers' } },
  { when: { probability: 0.02, stream: true }, fault: { type: 'stream-cut', afterEvents: 5 } },
  { when: { probability: 0.01, stream: true }, fault: { type: 'stream-end', afterEvents: 9 } },
  { when: { probability: 0.01 }, fault: { type: 'error-200', code: 'server_error' } },
]

/** Every third call is a stream; of those, every fourth is left in the middle. */
async function call(harbor: Harbor, number: number, signal: AbortSignal): Promise<void> {
  if (number % 3 !== 0) {
    await harbor.chat.completions.create(QUESTION, { signal })
    return
  }
  const stream = await harbor.chat.completions.create({ ...QUESTION, stream: true }, { signal })
  let chunks = 0
  for await (const chunk of stream) {
    expect(chunk.choices).toBeDefined()
    if (number % 4 === 0 && ++chunks === 5) break
  }
}

it(`${CALLS} mixed calls under faults leave no listener, no connection in use and a flat heap`, async () => {
  await using simulator = await startSimulator({ providers: { openai: { rules: FAULTS } } })
  const provider = simulator.provider()
  await using harbor = new Harbor({
    apiKey: 'test-key',
    baseURL: provider.baseURL,
    retry: { baseDelayMs: 1, maxDelayMs: 5 },
    logLevel: 'off',
  })
  const { signal } = new AbortController()
  let started = 0
  let told = 0
  async function worker(until: number): Promise<void> {
    while (started < until) {
      try {
        await call(harbor, ++started, signal)
      } catch (error) {
        if (!(error instanceof APIError)) throw error
        told++
      }
      if (started % 5_000 === 0) provider.reset() // or its record of requests would be what grows
    }
  }
  async function run(until: number): Promise<number> {
    await Promise.all(Array.from({ length: AT_ONCE }, () => worker(until)))
    await provider.whenIdle()
    provider.reset()
    globalThis.gc?.()
    return process.memoryUsage().heapUsed / 2 ** 20
  }

  const before = await run(CALLS / 10)
  const after = await run(CALLS)
  const { calls, availability, pool } = harbor.stats()
  console.log({ calls, availability, told, heapMegabytes: { before, after } })

  expect(calls).toBe(started)
  expect(told / started).toBeLessThan(0.02)
  expect(after - before).toBeLessThan(8)
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  expect(Object.values(pool).map(({ busy, queued }) => busy + queued)).toEqual([0])
})
