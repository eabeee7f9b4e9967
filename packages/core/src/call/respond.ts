import type { Answer } from './exchange.ts'
import { HarborResponse } from './harbor-response.ts'
import { carryReceipt, type Receipt } from '../reporting/receipt.ts'
import { isFailureStatus } from '../verdict/verdict.ts'

/** Makes the `Response` that the caller's SDK reads, with its receipt and Harbor's headers. */
export function respond(answer: Answer, receipt: Receipt): Response {
  const { status, statusText, headers, url } = answer
  // What is handed on is decoded, and no longer of the length that was announced.
  headers.delete('content-encoding')
  headers.delete('content-length')
  headers.set('x-harbor-target', headerText(receipt.target))
  headers.set('x-harbor-attempts', String(receipt.attempts.length))
  if (isFailureStatus(status)) headers.set('x-should-retry', 'false') // what was worth trying has been tried
  if (receipt.cache) headers.set('x-harbor-cache', receipt.cache.status)
  if (receipt.cost) headers.set('x-harbor-cost-usd', receipt.cost.usd.toFixed(9))
  const response = new HarborResponse(answer, { status, statusText, headers, url })
  carryReceipt(response, receipt)
  carryReceipt(headers, receipt) // an error of the SDK keeps nothing else of the response
  return response
}

/** A model's name may hold what a header may not. */
function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?')
}
