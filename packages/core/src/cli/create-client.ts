import { Harbor } from '../harbor.ts'
import type { Fleet } from '../options/fleet.ts'
import type { ClientArguments } from './arguments.ts'

/**
 * The timeout of a call, in milliseconds: a whole day, since it includes the time in which the call waits for a rate
 * limit.
 */
const TOTAL_MS = 86_400_000
const ATTEMPT_MS = 600_000
const MAX_ATTEMPTS = 6

/**
 * Creates the client for a run. It waits and retries longer than an interactive client, since no user waits for a
 * single answer.
 *
 * @param fleet what the client shares with other processes; nothing by default
 */
export function createClient(
  { client, concurrency }: { readonly client: ClientArguments; readonly concurrency: number },
  fleet?: Fleet,
): Harbor {
  const { apiKey, baseURL, rpm, tpm, fallback, cache, spendLimitUsd, price } = client
  return new Harbor({
    apiKey,
    baseURL,
    fleet,
    timeout: TOTAL_MS,
    timeouts: { attemptMs: ATTEMPT_MS },
    retry: { maxAttempts: MAX_ATTEMPTS },
    maxUpstreamCalls: MAX_ATTEMPTS * (1 + fallback.length),
    // Without a fallback, an open circuit would fail thousands of requests during a short outage.
    breaker: fallback.length > 0 ? undefined : false,
    fallback: fallback.length > 0 ? fallback : undefined,
    limits: {
      requestsPerMinute: rpm,
      tokensPerMinute: tpm,
      maxQueue: Math.max(10_000, concurrency),
    },
    cache: cache && { when: 'always' },
    spendLimit: spendLimitUsd === undefined ? undefined : { usd: spendLimitUsd, per: 'total' },
    models: price && {
      [price.model]: { price: { inputPerMillion: price.input, outputPerMillion: price.output } },
    },
    pool: { connections: Math.max(256, concurrency) },
    // The output and the progress line report everything.
    logLevel: 'off',
  })
}
