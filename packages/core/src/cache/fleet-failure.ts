import { refusedBy } from '../attempt/answer-failures.ts'
import { AttemptError } from '../attempt/attempt-error.ts'
import { parseJson } from '../base/json.ts'
import type { Exchange } from '../call/exchange.ts'
import { atFirstTarget } from '../call/exchange-copies.ts'
import type { Plan } from '../targets/plan.ts'
import { situationOf, VERDICTS } from '../verdict/verdict.ts'
import { headOf, isAnswerHead } from './answer-head.ts'

/** The maximum length of an error answer that is passed on to other processes, in characters. */
const MAX_TEXT = 65_536

/**
 * Returns the error answer of a failed call as a text, for the processes that wait for the call.
 * @returns undefined if there is none, or Harbor itself has refused the call for a reason of this process, such as its spend limit
 */
export function failureText(error: unknown): string | undefined {
  if (!(error instanceof AttemptError) || situationOf(error.failure) === 'refused') return undefined
  const { answer } = error
  if (answer?.body.kind !== 'text' || answer.body.text.length > MAX_TEXT) return undefined
  return JSON.stringify([headOf(answer, error.exchange.leg.target.name), answer.body.text])
}

/** Returns the failure of a call that another process has sent. @returns undefined if the text is not one of `failureText` */
export function readFailure(failure: string, exchange: Exchange, plan: Plan): AttemptError | undefined {
  const parts = parseJson(failure)
  const [head, text] = Array.isArray(parts) ? (parts as unknown[]) : []
  if (!isAnswerHead(head, 'text', [400, 599]) || typeof text !== 'string') return undefined
  // The receipt of the upstream call is in the other process, so that the error has an empty one.
  const leg = atFirstTarget({ ...exchange, receipt: exchange.receipt.fork() }, plan.outage)
  const { status, statusText, url, headers } = head
  const own = { status, statusText, url, headers: new Headers(headers as [string, string][]) }
  return refusedBy(leg, own, text)
}

/** Whether a failure is caused by the request, so that it would be that of each process which sends the request. */
export function isFailureOfAll({ failure }: AttemptError): boolean {
  return VERDICTS[situationOf(failure)].causedByContent === true
}
