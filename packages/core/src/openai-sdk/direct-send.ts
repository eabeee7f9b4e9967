import { forFetch } from '../base/readonly-headers.ts'
import type { RequestTemplate, RequestTemplates } from './request-templates.ts'
import { SdkResult, type CallOptions, type SdkClient } from './contract.ts'

/** What is needed from a client to send a call directly, without the SDK's request building. */
export interface DirectSendContext {
  readonly templates: RequestTemplates
  readonly fetch: typeof globalThis.fetch
  /** Attaches the call context to a request, just as for a request that the SDK sends. */
  attachCallContext(request: RequestInit, options: CallOptions): void
}

/**
 * Sends a call directly if its URL and headers are known. That skips the SDK's request building, logging, timer and abort controller, which
 * take about half of the SDK's CPU time per call. If the call fails, the SDK gets its response or error, and reports it in the usual way.
 * @returns undefined, or a promise of undefined, if the SDK has to make or report the call
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

/** The key of a property of a call's options: the response promise of a direct send that failed. */
const SETTLED: unique symbol = Symbol('harbor.settled')

/**
 * Removes the response promise of a failed direct send from the options of its call, and returns it. The SDK then reports that response,
 * and does not send the call again. Undefined if there was no such send; the SDK then sends the call.
 */
export function takeSettledResponse(options: object): Promise<Response> | undefined {
  const holder = options as { [SETTLED]?: Promise<Response> | undefined }
  const settled = holder[SETTLED]
  if (settled) holder[SETTLED] = undefined
  return settled
}
