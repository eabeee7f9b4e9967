import { LeanResponse } from '@harbor/pool'
import type { Answer } from './exchange.ts'
import { ReaderEnd } from './reader-end.ts'
import { offerEvents } from '../stream/parsed-stream.ts'
import { attachReceipt, type Receipt } from '../receipt.ts'
import { isFailureStatus } from '../verdict.ts'

/** These have no body, and a `Response` refuses to give them one. */
const BODILESS = new Set([204, 205, 304])

/** Makes the `Response` that the caller's SDK reads, with its receipt and Harbor's headers. */
export function respond(
  { status, statusText, headers: upstream, url, body }: Answer,
  receipt: Receipt,
): Response {
  const headers = new Headers(upstream)
  // What is handed on is decoded, and no longer of the length that was announced.
  headers.delete('content-encoding')
  headers.delete('content-length')
  headers.set('x-harbor-target', headerText(receipt.target))
  headers.set('x-harbor-attempts', String(receipt.attempts.length))
  if (receipt.cost) headers.set('x-harbor-cost-usd', receipt.cost.usd.toFixed(9))
  if (isFailureStatus(status)) headers.set('x-should-retry', 'false') // what was worth trying has been tried
  const content = body.kind === 'text' ? body.text : new ReaderEnd(body)
  const response = new LeanResponse({
    status,
    statusText,
    headers,
    url,
    body: BODILESS.has(status) ? null : content,
  })
  if (content instanceof ReaderEnd && content.hasPieces) offerEvents(response, content)
  attachReceipt(response, receipt)
  attachReceipt(response.headers, receipt)
  return response
}

/** A model's name may hold what a header may not. */
function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?')
}
