import { createRetryBudget } from '@harbor/retry'
import { expect, it, onTestFinished, vi, describe } from 'vitest'
import { createHarborFetch, Harbor, type HarborOptions } from '../src/index.ts'

const busy = (): Response =>
  Response.json({ error: { message: 'busy' } }, { status: 503, headers: { 'retry-after-ms': '1' } })
const answer = (): Response =>
  Response.json({
    choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: 'stop' }],
  })

describe('shouldRetry', () => {
  it.each<[string, HarborOptions['retry']]>([
    ['', {}],
    [', also with a retry budget', { budget: createRetryBudget() }],
  ])('gets the time since the call began, including the first attempt%s', async (_with, retry) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const elapsed: number[] = []
    const options: HarborOptions = {
      logLevel: 'off',
      retry: {
        ...retry,
        random: () => 0,
        shouldRetry: (_failure, { elapsedMs }) => {
          elapsed.push(Math.round(elapsedMs))
          return true
        },
      },
    }
    const wire = (answers: Response[]) => async (): Promise<Response> => {
      vi.advanceTimersByTime(200)
      return answers.shift() ?? answer()
    }
    const client = new Harbor({ ...options, apiKey: 'key', fetch: wire([busy(), busy()]) })
    const call = client.chat.completions.create({ model: 'm', messages: [] })
    await advance(call)
    expect(elapsed).toEqual([200, 401])

    elapsed.length = 0
    const fetch = createHarborFetch({ ...options, fetch: wire([busy(), busy()]) })
    const body = JSON.stringify({ model: 'm', messages: [] })
    await advance(fetch('https://api.example/v1/chat/completions', { method: 'POST', body }))
    expect(elapsed).toEqual([200, 401])
  })
})

/** Lets every wait end, a millisecond a turn, until the call is over. */
async function advance(call: Promise<unknown>): Promise<void> {
  const ended = new AbortController()
  void call.finally(() => ended.abort())
  while (!ended.signal.aborted) {
    await new Promise((resolve) => setImmediate(resolve))
    await vi.advanceTimersByTimeAsync(1)
  }
  await call
}
