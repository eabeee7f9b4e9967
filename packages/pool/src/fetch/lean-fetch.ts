import type { Dispatcher } from 'undici'
import { fetchFailed, headTimeout, isRefusal, terminated } from '../errors.ts'
import type { OriginSettings } from '../options.ts'
import { AddressParser } from './address.ts'
import { decodeBody } from './decoded-body.ts'
import { FetchHandler, type RawResponse, type RawResponseHeaders } from './fetch-handler.ts'
import type { IncomingBody } from './incoming-body.ts'
import { LeanResponse } from './lean-response.ts'
import { readRequest, type OutgoingRequest, type PoolRequestInit } from './outgoing-request.ts'
import { requestAfterRedirect } from './redirect.ts'

/**
 * The type of `pool.fetch`: it takes a PoolRequestInit and resolves with a LeanResponse. A `Request` is accepted too; its body is read into memory.
 */
export type LeanFetch = (input: string | URL | Request, init?: PoolRequestInit) => Promise<LeanResponse>

export interface LeanFetchContext {
  readonly dispatcher: Pick<Dispatcher, 'dispatch'>
  readonly settingsOf: (origin: string) => OriginSettings
  readonly onAbandoned: (origin: string, ageMs: number) => void
  /** Throws if the pool is closed. */
  readonly throwIfClosed: () => void
}

export function createLeanFetch(context: LeanFetchContext): LeanFetch {
  const addresses = new AddressParser()
  return async function fetch(input, init) {
    context.throwIfClosed()
    let begunAt = performance.now()
    let request = await readRequest(addresses, input, init)
    for (let hops = 0; ; hops++) {
      const { origin } = request.address
      const response = await send(context, request)
      let next: OutgoingRequest | undefined
      try {
        next = requestAfterRedirect(request, response.status, headerOf(response.headers, 'location'), hops)
      } catch (error) {
        void response.body.return()
        throw fetchFailed(origin, error)
      }
      if (!next) return responseOf(request, response, hops > 0)
      await discard(response.body)
      request = { ...next, deadlineMs: remainingMs(next.deadlineMs, begunAt) }
      begunAt = performance.now()
    }
  }
}

async function send(context: LeanFetchContext, request: OutgoingRequest): Promise<RawResponse> {
  const { address, method, headers, signal, deadlineMs } = request
  const { origin } = address
  const settings = context.settingsOf(origin)
  const bodyIdleMs = finite(request.bodyIdleTimeoutMs ?? settings.bodyIdleTimeoutMs)
  signal?.throwIfAborted()
  if (deadlineMs !== undefined && deadlineMs <= 0) throw fetchFailed(origin, headTimeout(origin, 0))

  const handler = new FetchHandler(request.body.content, {
    origin,
    signal,
    headMs: deadlineMs ?? settings.headersTimeoutMs,
    bodyIdleMs,
    onAbandoned: (ageMs) => context.onAbandoned(origin, ageMs),
  })
  const options: Dispatcher.DispatchOptions = {
    origin,
    path: address.path,
    method,
    headers: headers as string[],
    // undici also takes blobs and iterables, although its types do not say so.
    body: request.body.content as Exclude<Dispatcher.DispatchOptions['body'], undefined>,
    // FetchHandler limits the time until the head, which includes the wait for a connection.
    headersTimeout: 0,
    bodyTimeout: bodyIdleMs,
  }
  try {
    try {
      const dispatcher: Pick<Dispatcher, 'dispatch'> = request.dispatcher ?? context.dispatcher
      dispatcher.dispatch(options, handler)
    } catch (error) {
      handler.onResponseError(undefined, error as Error)
    }
    return await handler.response
  } catch (error) {
    if (isRefusal(error) || (signal?.aborted === true && error === signal.reason)) throw error
    throw fetchFailed(origin, error)
  }
}

function responseOf(request: OutgoingRequest, response: RawResponse, isRedirected: boolean): LeanResponse {
  const { address, method } = request
  const { status, statusText, headers } = response
  const hasBody = method !== 'HEAD' && !BODILESS.has(status)
  const explain = (error: unknown): Error => terminated(address.origin, error)
  return new LeanResponse({
    status,
    statusText,
    headers,
    url: address.shown,
    redirected: isRedirected,
    body: hasBody ? decodeBody(response.body, headerOf(headers, 'content-encoding'), explain) : null,
  })
}

const BODILESS = new Set([204, 205, 304])

/**
 * The maximum number of bytes of the body of a redirect that are read and discarded. If the body is not longer, its
 * connection can be used again.
 */
const MAX_DISCARD_BYTES = 65_536

async function discard(body: IncomingBody): Promise<void> {
  let bytes = 0
  try {
    for await (const chunk of body) {
      bytes += chunk.length
      if (bytes > MAX_DISCARD_BYTES) return
    }
  } catch {
    // The connection failed while a body was discarded, which affects no caller.
  }
}

function headerOf(headers: RawResponseHeaders, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'object' ? value.join(', ') : value
}

function remainingMs(ms: number | undefined, since: number): number | undefined {
  return ms === undefined ? undefined : ms - (performance.now() - since)
}

function finite(ms: number): number {
  return Number.isFinite(ms) && ms > 0 ? ms : 0
}
