import type { Pool } from '@harbor/pool'
import { MAX_MS } from '../options/check.ts'
import { streamClocks, type StreamClocks } from '../attempt/stream-clocks.ts'
import type { Exchange, LegExchange, Transport, WireAttempt } from '../call/exchange.ts'

/** One request over Harbor's own connections, whose limits of time follow the call's. */
export function poolTransport(pool: Pool): Transport {
  const transport = (exchange: LegExchange, attempt: WireAttempt): Promise<Response> => {
    const deadlineMs = Math.ceil(attempt.remainingMs) + MARGIN_MS
    const bodyIdleTimeoutMs = exchange.streaming ? silenceMs(streamClocks(exchange)) : deadlineMs
    return pool.fetch(exchange.url, { ...initOf(exchange, attempt), deadlineMs, bodyIdleTimeoutMs })
  }
  return Object.assign(transport, { isPrompt: true } as const)
}

/** The attempt has a clock of its own, which knows what it measured. The socket's is a net below it, also after a blocked event loop. */
const MARGIN_MS = 1_000

/**
 * Streams have clocks of their own, which know a ping from content and a busy process from a silent provider. The socket's limit
 * knows neither, so it is a net so far below them that they always come first.
 */
function silenceMs({ firstTokenMs, idleMs }: StreamClocks): number {
  return Math.min(Math.max(firstTokenMs, idleMs) + NET_MS, MAX_MS)
}

const NET_MS = 60_000

/** One request through a `fetch` of the caller's, who may do with its headers what he likes. */
export function fetchTransport(fetch: typeof globalThis.fetch): Transport {
  return (exchange, attempt) => {
    const init = initOf(exchange, attempt)
    return fetch.call(undefined, exchange.url, { ...init, headers: new Headers(init.headers) })
  }
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
