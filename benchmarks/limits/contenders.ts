import { createRateLimiter, parseRateLimitHeaders } from '@harbor/batch'
import Bottleneck from 'bottleneck'
import PQueue from 'p-queue'
import type { Answer, Estimate, Scale } from './scenario.ts'

/** Makes calls to the provider. A refused call is repeated until it is answered. */
export interface Contender {
  name: string
  start(scale: Scale): (estimate: Estimate, call: () => Promise<Answer>) => Promise<void>
}

export const CONTENDERS: readonly Contender[] = [
  {
    name: 'harbor, limits given',
    start: ({ requestsPerMinute, tokensPerMinute, faster }) =>
      harbor({ requestsPerMinute, tokensPerMinute, burstMs: 1_000 / faster }),
  },
  {
    name: 'harbor, limits given, `safety: 0.98`',
    start: ({ requestsPerMinute, tokensPerMinute, faster }) =>
      harbor({ requestsPerMinute, tokensPerMinute, safety: 0.98, burstMs: 1_000 / faster }),
  },
  { name: 'harbor, limits learned', start: ({ faster }) => harbor({ burstMs: 1_000 / faster }) },
  { name: "the algorithm of OpenAI's cookbook", start: cookbook },
  { name: 'bottleneck, `minTime` and a `reservoir`', start: bottleneck },
  { name: 'p-queue, `intervalCap` (no token limits)', start: pQueue },
  {
    name: 'only `retry-after`',
    start: () => async (_, call) => {
      for (let answer = await call(); answer.status === 429; answer = await call())
        await sleep(answer.retryAfterMs)
    },
  },
]

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

function harbor(options: Parameters<typeof createRateLimiter>[0]): ReturnType<Contender['start']> {
  const limiter = createRateLimiter(options)
  return async (estimate, call) => {
    for (;;) {
      const lease = await limiter.acquire(estimate)
      const { status, retryAfterMs, usage, headers } = await call()
      lease.settle({
        status,
        usage,
        observed: parseRateLimitHeaders(headers),
        ...(status === 429 && { retryAfterMs }),
      })
      if (status !== 429) return
    }
  }
}

/**
 * The algorithm of OpenAI's cookbook (api_request_parallel_processor.py), reimplemented: capacities that start full and refill
 * steadily, an estimate that is taken and never corrected, and a pause of 15 s for all calls after a refusal.
 */
function cookbook({ requestsPerMinute, tokensPerMinute, faster }: Scale): ReturnType<Contender['start']> {
  let requests = requestsPerMinute
  let tokens = tokensPerMinute
  let updatedAt = performance.now()
  let pausedUntil = 0
  const mayStart = ({ input, output }: Estimate): boolean => {
    const now = performance.now()
    const minutes = (now - updatedAt) / 60_000
    updatedAt = now
    requests = Math.min(requestsPerMinute, requests + requestsPerMinute * minutes)
    tokens = Math.min(tokensPerMinute, tokens + tokensPerMinute * minutes)
    if (now < pausedUntil || requests < 1 || tokens < input + output) return false
    requests -= 1
    tokens -= input + output
    return true
  }
  return async (estimate, call) => {
    for (;;) {
      while (!mayStart(estimate)) await sleep(1)
      if ((await call()).status !== 429) return
      pausedUntil = performance.now() + 15_000 / faster
    }
  }
}

/** Two limiters in sequence: requests at even intervals, and tokens as weights in a reservoir that is refilled each minute. */
function bottleneck({ requestsPerMinute, tokensPerMinute, faster }: Scale): ReturnType<Contender['start']> {
  const perMinute = Math.round(tokensPerMinute / faster)
  const requests = new Bottleneck({ minTime: 60_000 / requestsPerMinute })
  const tokens = new Bottleneck({
    reservoir: perMinute,
    reservoirRefreshAmount: perMinute,
    reservoirRefreshInterval: 60_000 / faster,
  })
  return async ({ input, output }, call) => {
    for (;;) {
      const answer = await tokens.schedule({ weight: input + output }, () => requests.schedule(call))
      if (answer.status !== 429) return
      await sleep(answer.retryAfterMs)
    }
  }
}

/** Limits requests only. */
function pQueue({ requestsPerMinute, faster }: Scale): ReturnType<Contender['start']> {
  const interval = 1_000 / faster
  const queue = new PQueue({ interval, intervalCap: Math.round((requestsPerMinute * interval) / 60_000) })
  return async (_, call) => {
    for (;;) {
      const answer = await queue.add(call)
      if (answer.status !== 429) return
      await sleep(answer.retryAfterMs)
    }
  }
}
