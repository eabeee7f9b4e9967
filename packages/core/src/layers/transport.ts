import type { Pool } from '@harbor/pool'
import { MAX_MS } from '../options/check.ts'
import type { Exchange, Transport, WireAttempt } from '../call/exchange.ts'

/** One request over Harbor's own connections, whose limits of time follow the call's. */
export function poolTransport(pool: Pool): Transport {
  return (exchange, attempt) => {
    const deadlineMs = Math.max(1, Math.ceil(attempt.remainingMs))
    // Streams have their own idle clock, which knows a ping from content; the socket's limit is only the net below it.
    const { idleMs } = exchange.policy
    const bodyIdleTimeoutMs = exchange.streaming && idleMs < MAX_MS / 2 ? 2 * idleMs : deadlineMs
    return pool.fetch(exchange.url, { ...initOf(exchange, attempt), deadlineMs, bodyIdleTimeoutMs })
  }
}

/** One request through a `fetch` of the caller's. */
export function fetchTransport(fetch: typeof globalThis.fetch): Transport {
  return (exchange, attempt) => fetch.call(undefined, exchange.url, initOf(exchange, attempt))
}

/** A dispatcher in `fetchOptions` comes along; only its type differs between Node's undici and the installed one. */
function initOf(exchange: Exchange, attempt: WireAttempt): Omit<RequestInit, 'dispatcher'> {
  return { ...exchange.init, headers: headersOf(exchange, attempt), signal: attempt.signal }
}

/** The SDK counts its retries in a header; the attempts are ours, so the count is too. */
function headersOf({ headers }: Exchange, { number }: WireAttempt): Headers {
  if (number === 1 || !headers.has('x-stainless-retry-count')) return headers
  const counted = new Headers(headers)
  counted.set('x-stainless-retry-count', String(number - 1))
  return counted
}
