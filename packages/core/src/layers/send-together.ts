import { AttemptError } from '../attempt/attempt-error.ts'
import { refusedAnswer } from '../attempt/answer-failures.ts'
import { isSpendRefusal, spendLimitExceeded } from '../attempt/refusals.ts'
import { ClientClosedError } from '../base/errors.ts'
import type { Answer, Exchange, Handler } from '../call/exchange.ts'
import { atFirstTarget } from '../call/exchange-copies.ts'
import { noteWait } from '../call/note-wait.ts'
import { RequestFacts } from '../call/request-facts.ts'
import type { DrawRefusal, Purse } from '../cost/purse.ts'
import { SharedPurse } from '../cost/shared-purse.ts'
import {
  payersOf,
  sharesOf,
  splitAnswer,
  UnclearOrderError,
  type Member,
} from '../embedding-batch/split-answer.ts'
import { MissingAnswerError } from '../protocols/shared/missing-answer.ts'
import type { BatchingFormat } from '../protocols/shared/batching-format.ts'
import type { OpenReceipt } from '../reporting/open-receipt.ts'
import { planOf } from '../routing/plan-of.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { situationOf, VERDICTS } from '../verdict/verdict.ts'
import { observedUpstream } from './observe.ts'
import { purseFor, type Money } from './reservation.ts'

/** What a combined request needs of its client. */
export interface BatchServices extends Money {
  readonly telemetry: Telemetry
}

interface Sending extends BatchServices {
  readonly signal: AbortSignal
  readonly next: Handler
}

/**
 * Sends the texts of several calls as one request. Each call pays for its own text.
 * @returns an answer or an error for each of the calls
 * @throws an error that one of the texts may have caused; the batcher then sends smaller batches to find that text
 */
export function sendTogether(
  members: readonly Member[],
  sending: Sending,
): Promise<readonly (Answer | Error)[]> {
  for (const { wait, exchange, since } of members) {
    wait.sent()
    // A batch that failed is sent again in smaller batches.
    if (exchange.receipt.waits.length === 0) noteWait(exchange, 'queue', since)
  }
  return sendPaid(members, sending)
}

/** Reserves the money of each call before the request is made of those that can pay. The others get their refusals. */
async function sendPaid(members: readonly Member[], sending: Sending): Promise<readonly (Answer | Error)[]> {
  const limits = members[0]?.exchange.policy.spendLimits
  if (!limits) return sendMembers(members, undefined, sending)
  const reserving = members.map(async ({ exchange }) => purseFor(exchange, planOf(exchange), limits, sending))
  const reserved = await Promise.all(reserving.map(orError))
  const purses = reserved.filter((each): each is Purse => !(each instanceof Error))
  const paying = members.filter((_, place) => !(reserved[place] instanceof Error))
  const answers = await sendMembers(paying, purses, sending)
  return merged(
    reserved.map((each) => (each instanceof Error ? each : undefined)),
    answers,
  )
}

/** @param purses the money of each call, in the same order; undefined without a spend limit */
async function sendMembers(
  members: readonly Member[],
  purses: readonly Purse[] | undefined,
  sending: Sending,
): Promise<readonly (Answer | Error)[]> {
  const { next, telemetry } = sending
  const [first] = members
  if (!first) return []
  const { exchange, context } = first
  if (members.length === 1) {
    const [purse] = purses ?? []
    const alone = purse ? { ...exchange, purse } : exchange
    return [await orError(context.runInAsyncScope(() => next(alone)))]
  }
  const { batching } = exchange.operation
  if (!batching) throw new Error('These requests cannot be combined.')
  const shares = sharesOf(members)
  const receipt = receiptOf(members, first, shares)
  const purse = purses && new SharedPurse(purses, shares)
  const together = togetherOf(members, first, { batching, receipt, purse, signal: sending.signal })
  try {
    // The request runs in the async context of the call that has waited longest.
    const answering = context.runInAsyncScope(() => observedUpstream(together, next, telemetry))
    for (const member of members) member.exchange.observed?.servedBy(receipt)
    return splitAnswer(await answering, { batching, receipt, members })
  } catch (error) {
    if (ClientClosedError.is(error)) return members.map(() => error)
    if (error instanceof UnclearOrderError) {
      const what = 'with embeddings whose indexes do not say which text they belong to'
      return members.map(({ exchange: own }) =>
        refusedAnswer(atFirstTarget(own, planOf(own).outage), error.answer, what, undefined),
      )
    }
    if (!(error instanceof AttemptError) || isCausedByTexts(error) || isPartial(error)) throw error
    if (purse && purse.refusals.size > 0 && isSpendRefusal(error))
      return withoutRefused(members, purse.refusals, error, sending)
    return members.map((member) => {
      member.exchange.receipt.adopt(receipt)
      return error.copyFor(member.exchange)
    })
  }
}

/** Makes the receipt of a combined request. Its cost is divided over the receipts of the calls. */
function receiptOf(members: readonly Member[], first: Member, shares: readonly number[]): OpenReceipt {
  const payers = payersOf(members, shares)
  const receipt = first.exchange.receipt.apart((cost) => {
    for (const [place, member] of members.entries())
      member.exchange.receipt.billed({ ...cost, usd: cost.usd * payers.shareOf(place) })
  }, payers)
  // After an earlier request that may have been billed, this one is a repetition.
  receipt.possiblyBilled = Math.max(...members.map(({ exchange }) => exchange.receipt.possiblyBilled))
  return receipt
}

function togetherOf(
  members: readonly Member[],
  { exchange }: Member,
  parts: Pick<Exchange, 'receipt' | 'signal'> & { batching: BatchingFormat; purse: SharedPurse | undefined },
): Exchange {
  const { batching, receipt, signal, purse } = parts
  const texts = members.map(({ text }) => text)
  const json = batching.withInputs(exchange.json ?? {}, texts)
  return {
    ...exchange,
    json,
    init: { ...exchange.init, body: JSON.stringify(json) },
    signal,
    callerSignal: signal,
    deadline: { at: Math.max(...members.map((member) => member.exchange.deadline.at)) },
    receipt,
    facts: new RequestFacts(),
    ...(purse && { purse }),
  }
}

/**
 * Goes on after some of the calls could not pay for another attempt. They get their own refusals; the request is made again without them.
 * @param refusals the refusal of each of these calls, by its place among the members
 */
async function withoutRefused(
  members: readonly Member[],
  refusals: ReadonlyMap<number, DrawRefusal>,
  { exchange: { leg, receipt } }: AttemptError,
  sending: Sending,
): Promise<readonly (Answer | Error)[]> {
  const rest = members.filter((_, place) => !refusals.has(place))
  for (const { exchange } of rest) exchange.receipt.possiblyBilled = receipt.possiblyBilled
  const answers = await sendPaid(rest, sending)
  const errors = members.map(({ exchange }, place) => {
    const refusal = refusals.get(place)
    if (!refusal) return undefined
    exchange.receipt.adopt(receipt)
    return spendLimitExceeded({ ...exchange, leg }, refusal)
  })
  return merged(errors, answers)
}

/** Returns the result of each call: its error, or the next of the answers to those calls that have no error. */
function merged(
  errors: readonly (Error | undefined)[],
  answers: readonly (Answer | Error)[],
): readonly (Answer | Error)[] {
  let sent = 0
  return errors.map((error) => error ?? answers[sent++] ?? new Error('A call that was sent has no answer.'))
}

async function orError<T>(result: Promise<T>): Promise<T | Error> {
  try {
    return await result
  } catch (error) {
    return error instanceof Error ? error : new Error('the call failed', { cause: error })
  }
}

function isCausedByTexts({ failure }: AttemptError): boolean {
  return VERDICTS[situationOf(failure)].causedByContent === true
}

/** Whether the provider returned fewer embeddings than texts. Such a provider may accept fewer texts per request, or only one. */
function isPartial({ cause }: AttemptError): boolean {
  return cause instanceof MissingAnswerError && cause.isPartial
}
