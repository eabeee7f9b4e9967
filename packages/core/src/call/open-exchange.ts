import { parseExactly } from '@harbor/parts'
import { callContextOf, type ReceiptSlot } from './call-context.ts'
import type { ClientGate } from './client-gate.ts'
import type { Exchange, Log } from './exchange.ts'
import { RequestFacts } from './request-facts.ts'
import { parseRecord } from '../base/json.ts'
import type { Operation } from '../protocols/protocol.ts'
import { operationOf, otherOperationOf } from '../protocols/registry.ts'
import { vendorOfRequest } from '../protocols/vendor-of-request.ts'
import type { Policy } from '../policy/policy.ts'
import { OpenReceipt } from '../reporting/open-receipt.ts'
import { withLabels } from '../options/labels.ts'
import type { PerCall } from '../options/per-call.ts'
import { attachReceipt } from '../reporting/receipt.ts'

/** The settings for calls that `class Harbor` did not make. Such calls reach `fetch` without a call context. */
export interface ExchangeDefaults {
  readonly policy: Policy
  readonly log: Log
  readonly client: ClientGate
  readonly nextId: () => string
  /** The options for these calls. */
  readonly perCall: PerCall
}

/**
 * Creates the exchange for the arguments of `fetch`. Returns a promise for a `Request`, since the body of the request must be read first.
 */
export function openExchange(
  input: string | URL | Request,
  given: RequestInit | undefined,
  defaults: ExchangeDefaults,
): Exchange | Promise<Exchange> {
  if (!isRequest(input)) return exchangeOf(String(input), given ?? {}, defaults)
  return initOfRequest(input).then((init) => exchangeOf(input.url, { ...init, ...given }, defaults))
}

function exchangeOf(
  url: string,
  init: RequestInit,
  defaults: ExchangeDefaults,
): Exchange | Promise<Exchange> {
  const method = (init.method ?? 'GET').toUpperCase()
  const context = callContextOf(init)
  // The body is parsed from the text that is sent, since the object from which the text was made belongs to the caller and may change at
  // any time. Only a text that the SDK did not make may have numbers that JavaScript would round.
  const json =
    typeof init.body === 'string' ? parseRecord(init.body, context ? JSON.parse : parseExactly) : undefined
  // The SDK made these headers for this request alone. Another caller's headers are copied, since it may go on using them.
  const headers = context && init.headers instanceof Headers ? init.headers : new Headers(init.headers)
  const sent = { url, init, method, headers, json, context }
  const operation = operationFor(sent, defaults)
  return operation instanceof Promise
    ? operation.then((loaded) => exchangeFor(sent, loaded, defaults))
    : exchangeFor(sent, operation, defaults)
}

/** The arguments of `fetch`, as far as they are read before the operation is known. */
interface Sent extends Pick<Exchange, 'url' | 'init' | 'method' | 'headers' | 'json'> {
  readonly context: ReturnType<typeof callContextOf>
}

function operationFor(sent: Sent, { policy }: ExchangeDefaults): Operation | Promise<Operation> {
  const { url, method, json, context } = sent
  const operation = operationOf(method, url, json)
  // The OpenAI SDK reads the answers to the calls of `class Harbor`, whatever their address.
  if (operation instanceof Promise || operation.protocol !== undefined || context) return operation
  return otherOperationOf(vendorOfRequest(sent, policy.routes), method)
}

function exchangeFor(
  { url, init, method, headers, json, context }: Sent,
  operation: Operation,
  defaults: ExchangeDefaults,
): Exchange {
  const { policy, log, perCall } = context ?? defaults
  const streaming = operation.request.isStreaming(url, json)
  const model = operation.request.modelOf(url, json)
  const startedAt = policy.clock.now()
  const receipt = new OpenReceipt({
    id: defaults.nextId(),
    operation: operation.name,
    target: policy.routes.requestedName(model, operation),
    model,
    streaming,
    labels: withLabels(policy.labels, perCall.labels),
    isPrefetch: perCall.isPrefetch === true,
    startedAt,
  })
  if (context?.slot) fill(context.slot, receipt)
  const signal = init.signal ?? undefined
  return {
    url,
    init,
    method,
    headers,
    signer: context?.signer,
    keys: context?.keys,
    ownRetryCount: context?.ownRetryCount === true,
    json,
    operation,
    streaming,
    replayable: isReplayable(init.body),
    signal,
    callerSignal: context ? context.callerSignal : signal,
    policy,
    deadline: { at: startedAt + policy.totalMs },
    receipt,
    log,
    perCall,
    client: defaults.client,
    facts: new RequestFacts(),
  }
}

function fill(slot: ReceiptSlot, receipt: OpenReceipt): void {
  slot.receipt = receipt
  if (slot.helper) attachReceipt(slot.helper, receipt)
}

/** Whether an argument is a `Request`. It may also be the `Request` of another realm or package. */
function isRequest(input: string | URL | Request): input is Request {
  return typeof input === 'object' && 'headers' in input && 'method' in input
}

async function initOfRequest(request: Request): Promise<RequestInit> {
  const { method, headers, signal, redirect } = request
  const body = request.body ? await request.text() : null
  return { method, headers, signal, redirect, body }
}

function isReplayable(body: RequestInit['body']): boolean {
  if (body === undefined || body === null || typeof body === 'string') return true
  return (
    body instanceof ArrayBuffer ||
    ArrayBuffer.isView(body) ||
    body instanceof Blob ||
    body instanceof FormData ||
    body instanceof URLSearchParams
  )
}
