import { callContextOf, type ReceiptSlot } from './call-context.ts'
import type { ClientGate } from './client-gate.ts'
import type { Exchange, Log } from './exchange.ts'
import { Known } from './known.ts'
import { parseRecord } from '../base/json.ts'
import { operationOf } from '../protocols/operation.ts'
import type { Policy } from '../policy/policy.ts'
import { OpenReceipt } from '../reporting/open-receipt.ts'
import { attachReceipt } from '../reporting/receipt.ts'

/** What holds for calls that bring no wishes of their own. */
export interface ExchangeDefaults {
  readonly policy: Policy
  readonly log: Log
  readonly client: ClientGate
  readonly nextId: () => string
}

/** Makes a call out of what `fetch` was given: a URL at once, a `Request`, ours or a stranger's, when its body is read. */
export function openExchange(
  input: string | URL | Request,
  given: RequestInit | undefined,
  defaults: ExchangeDefaults,
): Exchange | Promise<Exchange> {
  if (!isRequest(input)) return exchangeOf(String(input), given ?? {}, defaults)
  return initOfRequest(input).then((init) => exchangeOf(input.url, { ...init, ...given }, defaults))
}

function exchangeOf(url: string, init: RequestInit, defaults: ExchangeDefaults): Exchange {
  const context = callContextOf(init)
  const { policy, log } = context ?? defaults
  const method = (init.method ?? 'GET').toUpperCase()
  // One truth: the text that is sent. The object it was made of belongs to the caller and may change at any time.
  const json = typeof init.body === 'string' ? parseRecord(init.body) : undefined
  const operation = operationOf(method, url, json)
  const streaming = json?.['stream'] === true
  const model = typeof json?.['model'] === 'string' ? json['model'] : undefined
  const startedAt = policy.clock.now()
  const receipt = new OpenReceipt({
    id: defaults.nextId(),
    operation: operation.name,
    target: policy.routes.askedName(model),
    model,
    streaming,
    ahead: context?.asked.ahead === true,
    startedAt,
  })
  if (context?.slot) fill(context.slot, receipt)
  const signal = init.signal ?? undefined
  return {
    url,
    init,
    method,
    // The SDK has made its headers for this request; a stranger may go on to use his.
    headers: context && init.headers instanceof Headers ? init.headers : new Headers(init.headers),
    signer: context?.signer,
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
    asked: context?.asked ?? {},
    client: defaults.client,
    known: new Known(),
  }
}

function fill(slot: ReceiptSlot, receipt: OpenReceipt): void {
  slot.receipt = receipt
  if (slot.helper) attachReceipt(slot.helper, receipt)
}

/** Also one of another realm or package: what counts is that it can be read. */
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
