import { forFetch } from '../base/readonly-headers.ts'
import type { RequestTemplate, RequestTemplates } from './request-templates.ts'
import { SdkResult, type CallOptions, type SdkClient } from './contract.ts'

/** The parts of a client that are needed to send a call directly. */
export interface DirectSendContext {
  readonly templates: RequestTemplates
  readonly fetch: typeof globalThis.fetch
  /** Attaches the call context to a request, as for requests that the SDK sends. */
  attachCallContext(request: RequestInit, options: CallOptions): void
}

/**
 * Sends a call directly if its URL and headers are known. That skips the SDK's request building, logging, timer and abort controller, which
 * take about half of the SDK's CPU time per call. A response that is not a success is passed to the SDK, which reports it like any other.
 * @returns undefined, or a promise of undefined, to leave the call to the SDK
 */
export function sendDirectly(
  client: SdkClient,
  options: CallOptions,
  context: DirectSendContext,
): Promise<SdkResult | undefined> | undefined {
  const template = context.templates.find(client, options)
  return template && client.fetch === context.fetch ? send(options, template, context) : undefined
}

async function send(
  options: CallOptions,
  { url, headers }: RequestTemplate,
  context: DirectSendContext,
): Promise<SdkResult | undefined> {
  const { body, signal } = options
  const request: RequestInit = {
    method: 'POST',
    headers: forFetch(headers),
    body: JSON.stringify(body),
    ...(signal && { signal }),
  }
  context.attachCallContext(request, options)
  const startTime = Date.now()
  const settled = context.fetch(url, request)
  try {
    const response = await settled
    if (response.ok) return new SdkResult(response, options, startTime)
  } catch {
    // The rejection is not lost: the SDK gets the same promise.
  }
  ;(options as { [SETTLED]?: Promise<Response> })[SETTLED] = settled
  return undefined
}

/** The symbol under which the options of a call carry the response of a direct send that failed. */
const SETTLED: unique symbol = Symbol('harbor.settled')

/**
 * Returns the response promise of a call that was already sent directly, and removes it from the options. The SDK then reports that
 * response instead of sending the call again. Undefined: the SDK sends the call itself.
 */
export function takeSettledResponse(options: object): Promise<Response> | undefined {
  const holder = options as { [SETTLED]?: Promise<Response> | undefined }
  const settled = holder[SETTLED]
  if (settled) holder[SETTLED] = undefined
  return settled
}
