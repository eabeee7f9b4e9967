import { forFetch } from '../base/readonly-headers.ts'
import type { RequestTemplate, RequestTemplates } from './request-templates.ts'
import { SdkResult, type CallOptions, type SdkClient } from './contract.ts'

/** What sending a call directly needs of its client. */
export interface DirectSendContext {
  readonly templates: RequestTemplates
  readonly fetch: typeof globalThis.fetch
  /** Attaches the call context, as is done to requests that the SDK sends. */
  attachCallContext(request: RequestInit, options: CallOptions): void
}

/**
 * Sends a call directly if its URL and headers are known, without the SDK's request building, logging, timer and abort controller,
 * which are about half of its CPU per call. Only successes take this path: a failed response is handed to the SDK, which reports it
 * as any other.
 *
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
    // The SDK gets the same rejection.
  }
  ;(options as { [SETTLED]?: Promise<Response> })[SETTLED] = settled
  return undefined
}

/** Under this symbol the options of a call carry the response of a direct send that failed. */
const SETTLED: unique symbol = Symbol('harbor.settled')

/**
 * If this call was already sent directly, takes and clears its response promise, so that the SDK reports it instead of sending again.
 * Undefined: the SDK sends it itself.
 */
export function takeSettledResponse(options: object): Promise<Response> | undefined {
  const holder = options as { [SETTLED]?: Promise<Response> | undefined }
  const settled = holder[SETTLED]
  if (settled) holder[SETTLED] = undefined
  return settled
}
