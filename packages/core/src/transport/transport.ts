import type { Pool } from '@harbor/pool'
import { LONGEST_TIMER_MS } from '@harbor/parts'
import { streamClocks, type StreamClocks } from '../call/stream-clocks.ts'
import {
  remainingMs,
  type Exchange,
  type LegExchange,
  type Transport,
  type WireAttempt,
} from '../call/exchange.ts'
import { RedirectRefusedError } from '../base/errors.ts'
import { hasNoCallLeft } from '../call/calls-left.ts'
import { RETRY_COUNT_HEADER } from './retry-count-header.ts'
import { followRedirects, isRedirect, type Resend } from './redirects.ts'

/** One request over Harbor's own connections, whose limits of time follow the call's. */
export function poolTransport(pool: Pool): Transport {
  function send(
    exchange: LegExchange,
    { signal }: WireAttempt,
    leftMs: number,
    url: string,
    headers: Headers,
  ): Promise<Response> {
    const deadlineMs = Math.ceil(leftMs) + MARGIN_MS
    const bodyIdleTimeoutMs = exchange.streaming ? silenceMs(streamClocks(exchange)) : deadlineMs
    return pool.fetch(url, { ...initOf(exchange), headers, signal, deadlineMs, bodyIdleTimeoutMs })
  }

  const transport = async (exchange: LegExchange, attempt: WireAttempt): Promise<Response> => {
    const headers = headersOf(exchange, attempt)
    const response = await send(exchange, attempt, attempt.remainingMs, exchange.url, headers)
    if (!isRedirect(response)) return response
    return follow(response, exchange, headers, (url, headers) =>
      send(exchange, attempt, remainingMs(exchange), url, headers),
    )
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
  return Math.min(Math.max(firstTokenMs, idleMs) + NET_MS, LONGEST_TIMER_MS)
}

const NET_MS = 60_000

/** One request through a `fetch` of the caller's, who may do with its headers what he likes. */
export function fetchTransport(fetch: typeof globalThis.fetch): Transport {
  return async (exchange, attempt) => {
    const { signal } = attempt
    const init = initOf(exchange)
    const resend: Resend = (url, headers) =>
      fetch.call(undefined, url, { ...init, headers: new Headers(headers), signal })
    const headers = headersOf(exchange, attempt)
    const response = await resend(exchange.url, headers)
    return isRedirect(response) ? follow(response, exchange, headers, resend) : response
  }
}

/**
 * A dispatcher in `fetchOptions` comes along; only its type differs between Node's undici and the installed one. Redirects are
 * never left to `fetch`, which takes along what it does not know to be a secret.
 */
function initOf({ init }: Exchange): Omit<RequestInit, 'dispatcher'> {
  return { ...init, redirect: 'manual' }
}

/** Sends requests of Harbor's own, which read something. */
export type OwnRequests = (
  url: string,
  init: Omit<RequestInit, 'dispatcher'> & { readonly headers: Headers },
) => Promise<Response>

/** Harbor's own requests go the way that calls go, and follow redirects as calls do. */
export function ownRequests(
  fetch: (url: string, init: Omit<RequestInit, 'dispatcher'>) => Promise<Response>,
): OwnRequests {
  return async (url, init) => {
    const send: Resend = (url, headers) =>
      fetch.call(undefined, url, { ...init, headers, redirect: 'manual' })
    const { headers } = init
    const response = await send(url, headers)
    const request = { url, method: 'GET', headers, replayable: true, redirect: 'follow' } as const
    return isRedirect(response) ? followRedirects(response, request, send) : response
  }
}

function follow(
  response: Response,
  exchange: LegExchange,
  headers: Headers,
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
 * The SDK counts its retries in a header; the attempts are ours, so the count is too. It starts at 0, so another value is the caller's,
 * for example from a hook, and stays.
 */
function headersOf({ headers, ownRetryCount }: Exchange, { number }: WireAttempt): Headers {
  if (number === 1 || ownRetryCount || headers.get(RETRY_COUNT_HEADER) !== '0') return headers
  const counted = new Headers(headers)
  counted.set(RETRY_COUNT_HEADER, String(number - 1))
  return counted
}
