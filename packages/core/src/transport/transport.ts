import type { Pool } from '@harbor/pool'
import { MAX_TIMER_MS } from '@harbor/parts'
import { streamClocks, type StreamClocks } from '../call/stream-clocks.ts'
import {
  hasNoCallLeft,
  remainingMs,
  type Exchange,
  type LegExchange,
  type Transport,
  type WireAttempt,
} from '../call/exchange.ts'
import { RedirectRefusedError } from '../base/errors.ts'
import { copyHeaders, forFetch, type ReadonlyHeaders } from '../base/readonly-headers.ts'
import { RETRY_COUNT_HEADER } from './retry-count-header.ts'
import { followRedirects, isRedirect, type Resend } from './redirects.ts'

/**
 * Creates a transport that sends requests over the connections of a pool. The socket timeouts are derived from the timeouts of the call.
 */
export function poolTransport(pool: Pool): Transport {
  function send(
    exchange: LegExchange,
    { signal }: WireAttempt,
    leftMs: number,
    url: string,
    headers: ReadonlyHeaders,
  ): Promise<Response> {
    return pool.fetch(url, {
      ...initOf(exchange),
      headers: forFetch(headers),
      signal,
      // The signal ends the wait for the head. Only the attempt knows its end, which a caller with more time moves when it joins the call.
      deadlineMs: Infinity,
      bodyIdleTimeoutMs: silenceMs(streamClocks(exchange), exchange.streaming ? 0 : leftMs),
    })
  }

  const transport = async (exchange: LegExchange, attempt: WireAttempt): Promise<Response> => {
    const headers = headersOf(exchange, attempt)
    const response = await send(exchange, attempt, attempt.remainingMs, exchange.url, headers)
    if (!isRedirect(response)) return response
    return follow(response, exchange, headers, (url, headers) =>
      send(exchange, attempt, remainingMs(exchange), url, headers),
    )
  }
  return Object.assign(transport, { honoursSignal: true } as const)
}

/**
 * Returns how long the socket of an answer may be silent, in milliseconds. This limit is only a safety net, so it is longer than the timeouts
 * of a stream, and than the time that is left for an answer which is read whole. Only those distinguish pings from content, and a busy process
 * from a silent provider.
 */
function silenceMs({ firstTokenMs, idleMs }: StreamClocks, leftMs: number): number {
  return Math.min(Math.ceil(Math.max(firstTokenMs, idleMs, leftMs)) + SAFETY_MS, MAX_TIMER_MS)
}

const SAFETY_MS = 60_000

/**
 * Creates a transport that sends requests through the user's own `fetch`. The user's function gets its own copy of the headers, which it
 * may change.
 */
export function fetchTransport(fetch: typeof globalThis.fetch): Transport {
  return async (exchange, attempt) => {
    const { signal } = attempt
    const init = initOf(exchange)
    const resend: Resend = (url, headers) =>
      fetch.call(undefined, url, { ...init, headers: copyHeaders(headers), signal })
    const headers = headersOf(exchange, attempt)
    const response = await resend(exchange.url, headers)
    return isRedirect(response) ? follow(response, exchange, headers, resend) : response
  }
}

/**
 * Returns the options for `fetch`. Redirects are switched off, since `fetch` would send headers to other origins without knowing which
 * headers are secret. A `dispatcher` is passed on, but is not part of the type, since the types of Node's undici and of the installed one
 * differ.
 */
function initOf({ init }: Exchange): Omit<RequestInit, 'dispatcher'> {
  return { ...init, redirect: 'manual' }
}

/** Sends Harbor's own GET requests, such as health checks. */
export type OwnRequests = (
  url: string,
  init: Omit<RequestInit, 'dispatcher'> & { readonly headers: ReadonlyHeaders },
) => Promise<Response>

/** Creates the function that sends Harbor's own requests through the given `fetch`, with the same rules for redirects as calls. */
export function ownRequests(
  fetch: (url: string, init: Omit<RequestInit, 'dispatcher'>) => Promise<Response>,
): OwnRequests {
  return async (url, init) => {
    const send: Resend = (url, headers) =>
      fetch.call(undefined, url, { ...init, headers: forFetch(headers), redirect: 'manual' })
    const { headers } = init
    const response = await send(url, headers)
    const request = { url, method: 'GET', headers, replayable: true, redirect: 'follow' } as const
    return isRedirect(response) ? followRedirects(response, request, send) : response
  }
}

function follow(
  response: Response,
  exchange: LegExchange,
  headers: ReadonlyHeaders,
  resend: Resend,
): Promise<Response> {
  const { url, method, replayable, receipt, policy } = exchange
  const { redirect } = exchange.init
  return followRedirects(response, { url, method, headers, replayable, redirect }, resend, () => {
    if (hasNoCallLeft(exchange)) {
      throw new RedirectRefusedError(
        `was redirected after the ${policy.maxUpstreamCalls} requests that maxUpstreamCalls allows`,
      )
    }
    receipt.redirects++
  })
}

/**
 * Returns the headers of an attempt. The header in which the SDK counts its retries is set to the number of retries so far, because Harbor
 * makes the retries instead of the SDK. The SDK sets this header to 0. Any other value is left unchanged, because the caller has set it,
 * for example in a hook.
 */
function headersOf({ headers, ownRetryCount }: Exchange, { number }: WireAttempt): ReadonlyHeaders {
  if (number === 1 || ownRetryCount || headers.get(RETRY_COUNT_HEADER) !== '0') return headers
  const counted = copyHeaders(headers)
  counted.set(RETRY_COUNT_HEADER, String(number - 1))
  return counted
}
