import { getEventListeners } from 'node:events'
import { startSimulator, type Rule } from '@harbor/simulator'
import { expect, it } from 'vitest'
import { Harbor } from '../src/index.ts'
import { Workers } from './workers.ts'

const CALLS = 200_000
const WARM_UP = 20_000
const QUESTION = { model: 'gpt-4', messages: [{ role: 'user' as const, content: 'Say hello.' }] }
const FAULTS: Rule[] = [
  { when: { probability: 0.02 }, fault: { type: 'status', status: 500 } },
  { when: { probability: 0.02 }, fault: { type: 'reset', when: 'before-headers' } },
  { when: { probability: 0.02, stream: true }, fault: { type: 'stream-cut', afterEvents: 5 } },
  { when: { probability: 0.01, stream: true }, fault: { type: 'stream-end', afterEvents: 9 } },
  { when: { probability: 0.01 }, fault: { type: 'error-200', code: 'server_error' } },
]
/** Down for a quarter of every two seconds: its circuit opens and closes all the time. */
const FLAPPING: Rule = {
  when: { windowMs: { to: 500, everyMs: 2_000 } },
  fault: { type: 'status', status: 503 },
}

/** Every third call is a stream, of which every fourth is left in the middle; every tenth call is aborted on its way. */
async function call(harbor: Harbor, number: number, shared: AbortSignal): Promise<void> {
  const own = new AbortController()
  const signal = number % 10 === 0 ? own.signal : shared
  const leaving = number % 10 === 0 ? setTimeout(() => own.abort(), number % 7) : undefined
  try {
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
  } finally {
    clearTimeout(leaving)
  }
}

it(`${CALLS} mixed calls over two targets, under faults and aborts, leave nothing behind`, async () => {
  await using simulator = await startSimulator({
    providers: { primary: { rules: [FLAPPING, ...FAULTS] }, backup: { rules: FAULTS } },
  })
  const providers = [simulator.provider('primary'), simulator.provider('backup')] as const
  const [primary, backup] = providers
  await using harbor = new Harbor({
    apiKey: 'test-key',
    baseURL: primary.baseURL,
    providers: { backup: { apiKey: 'backup-key', baseURL: backup.baseURL } },
    fallback: { '*': ['backup/gpt-4'] },
    breaker: { openForMs: () => 100 },
    retry: { baseDelayMs: 1, maxDelayMs: 5 },
    logLevel: 'off',
  })
  let changes = 0
  harbor.on('breaker', () => changes++)
  const { signal } = new AbortController()
  const workers = new Workers(providers, (number) => call(harbor, number, signal))

  const before = await workers.run(WARM_UP)
  const after = await workers.run(CALLS)
  const { started, aborted, failed } = workers
  const { calls, availability, pool } = harbor.stats()
  console.log({ calls, availability, aborted, failed, changes, heapMegabytes: { before, after } })

  expect(calls).toBe(started)
  expect(failed / started).toBeLessThan(0.02)
  expect(changes).toBeGreaterThan(100)
  expect(after - before).toBeLessThan(2)
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  expect(Object.values(pool).map(({ busy, queued }) => busy + queued)).toEqual([0, 0])

  // A permit that was not settled would keep a half-open circuit from closing.
  for (const provider of providers) provider.script({ rules: [] })
  await new Promise((resolve) => setTimeout(resolve, 200))
  for (const model of ['gpt-4', 'backup/gpt-4']) {
    await harbor.chat.completions.create({ ...QUESTION, model })
    await harbor.chat.completions.create({ ...QUESTION, model })
  }
  expect(Object.values(harbor.stats().targets).map(({ state }) => state)).toEqual(['closed', 'closed'])
})
