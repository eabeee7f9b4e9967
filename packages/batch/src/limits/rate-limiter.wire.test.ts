import { startSimulator, type Limits } from '@harbor/simulator'
import OpenAI from 'openai'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { createRateLimiter } from './create-rate-limiter.ts'
import { parseRateLimitHeaders } from './headers/rate-limit-headers.ts'
import type { RateLimits } from './rate-limits.ts'

const simulator = await startSimulator()
const provider = simulator.provider()
const client = new OpenAI({ apiKey: 'key', baseURL: provider.baseURL, maxRetries: 0 })
afterAll(() => simulator.close())
beforeEach(async () => {
  // The first calls of a process are slow: requests behind them would arrive all at once.
  provider.script({})
  const warmUp = () => client.embeddings.create({ model: 'text-embedding-3-small', input: 'sea' })
  for (let call = 0; call < 5; call++) await Promise.all(Array.from({ length: 10 }, warmUp))
  provider.reset()
})

/**
 * 600 requests and 90,000 tokens a minute, where a minute takes six seconds. Three tenths of a limit can be used at
 * once, since on a busy machine requests that were started evenly may arrive together. Requests that start twice as
 * fast as allowed are refused all the same.
 */
const limits: Limits = { requestsPerMinute: 600, tokensPerMinute: 90_000, minuteMs: 6_000, burst: 0.3 }
/** The same limits, per real minute. */
const known: RateLimits = { requestsPerMinute: 6_000, tokensPerMinute: 900_000, burstMs: 100 }

/** Makes a number of calls at once, each through the limiter until it is answered. @returns how many were rejected */
async function run(
  options: RateLimits,
  calls: number,
  input: string,
): Promise<{ refused: number; calls: number }> {
  const limiter = createRateLimiter(options)
  const call = async (): Promise<void> => {
    for (;;) {
      const lease = await limiter.acquire({ input: Math.ceil(input.length / 4), output: 0 })
      try {
        const { data, response } = await client.embeddings
          .create({ model: 'text-embedding-3-small', input, dimensions: 1 })
          .withResponse()
        const usage = { input: data.usage.prompt_tokens, output: 0 }
        lease.settle({ status: 200, usage, observed: parseRateLimitHeaders(response.headers) })
        return
      } catch (error) {
        if (!(error instanceof OpenAI.APIError) || error.status !== 429) throw error
        const headers = error.headers as Headers
        const retryAfterMs = Number(headers.get('retry-after-ms') ?? NaN)
        lease.settle({ status: 429, retryAfterMs, observed: parseRateLimitHeaders(headers) })
      }
    }
  }
  await Promise.all(Array.from({ length: calls }, call))
  const { byStatus } = provider.counts()
  return { refused: byStatus['429'] ?? 0, calls: provider.counts().calls }
}

describe('a rate limiter, against a provider of 600 requests and 90,000 tokens a minute,', () => {
  it('gets no 429 for 600 jobs within known limits', async () => {
    provider.script({ limits })
    expect(await run(known, 600, 'sea')).toEqual({ refused: 0, calls: 600 })
  })

  it('gets no 429 for 150 large jobs, limited by their tokens', async () => {
    provider.script({ limits })
    expect(await run(known, 150, 'a wide and quiet sea '.repeat(100))).toEqual({ refused: 0, calls: 150 })
  })

  it('gets at most 2 % 429s for 600 jobs when it learns the limits from headers', async () => {
    provider.script({ limits })
    const { refused, calls } = await run({ burstMs: 100 }, 600, 'sea')
    expect(refused / calls).toBeLessThanOrEqual(0.02)
  })

  it('completes 300 jobs when it learns the limits from 429s alone', async () => {
    provider.script({ limits: { ...limits, headers: 'retry-after' } })
    const { refused, calls } = await run({ burstMs: 100 }, 300, 'sea')
    expect(calls - refused).toBe(300)
    expect(refused / calls).toBeLessThanOrEqual(0.5)
  })
})
