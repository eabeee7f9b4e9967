import { Harbor } from '@harbor/core'
import { redisFleet } from '@harbor/redis'
import type { Redis } from 'ioredis'
import OpenAI from 'openai'
import { RateLimiterQueue, RateLimiterRedis } from 'rate-limiter-flexible'

/** The limits of the provider, and how many processes share them. */
export interface Shared {
  readonly requestsPerMinute: number
  readonly tokensPerMinute: number
  readonly processes: number
}

type Call = (client: OpenAI) => Promise<unknown>
type Start = (redis: Redis, baseURL: string, limits: Shared) => (call: Call) => Promise<unknown>

/** How the processes keep to limits that they share, by a name for the table. */
export const CONTENDERS = {
  'Harbor with `fleet`': (redis, baseURL, { requestsPerMinute, tokensPerMinute }) => {
    const harbor = new Harbor({
      ...common(baseURL),
      fleet: redisFleet({ client: redis }),
      limits: { requestsPerMinute, tokensPerMinute },
      spendLimit: { usd: 1_000, per: 'day' },
    })
    return (call) => call(harbor)
  },
  'Harbor, a quarter of the limits for each process': (
    _,
    baseURL,
    { requestsPerMinute, tokensPerMinute, processes },
  ) => {
    const limits = {
      requestsPerMinute: requestsPerMinute / processes,
      tokensPerMinute: tokensPerMinute / processes,
    }
    const harbor = new Harbor({ ...common(baseURL), limits })
    return (call) => call(harbor)
  },
  'Harbor, the whole limits in each process': (_, baseURL, { requestsPerMinute, tokensPerMinute }) => {
    const harbor = new Harbor({ ...common(baseURL), limits: { requestsPerMinute, tokensPerMinute } })
    return (call) => call(harbor)
  },
  // It counts requests only, in windows of a second.
  'openai with rate-limiter-flexible': (redis, baseURL, { requestsPerMinute }) => {
    const limiter = new RateLimiterRedis({
      storeClient: redis,
      points: Math.floor(requestsPerMinute / 60),
      duration: 1,
    })
    const queue = new RateLimiterQueue(limiter)
    const openai = new OpenAI({ apiKey: 'simulated', baseURL, logLevel: 'off', maxRetries: 10 })
    return async (call) => {
      await queue.removeTokens(1)
      return call(openai)
    }
  },
} as const satisfies Record<string, Start>

export type ContenderName = keyof typeof CONTENDERS

function common(baseURL: string): { apiKey: string; baseURL: string; logLevel: 'off' } {
  return { apiKey: 'simulated', baseURL, logLevel: 'off' }
}
