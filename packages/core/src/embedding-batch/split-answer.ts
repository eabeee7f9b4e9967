import type { AsyncResource } from 'node:async_hooks'
import type { CallWait } from '../call/call-wait.ts'
import type { Answer, Exchange } from '../call/exchange.ts'
import { estimateOf } from '../call/request-facts.ts'
import type { OpenReceipt, Payers } from '../reporting/open-receipt.ts'
import type { TokenUsage } from '../reporting/receipt.ts'
import type { BatchingFormat } from '../protocols/shared/batching-format.ts'

/** A call for one embedding. Its text is sent in one request with the texts of other calls. */
export interface Member {
  readonly exchange: Exchange
  readonly text: string
  /** The async context of the caller. The combined request is sent in the context of its first member. */
  readonly context: AsyncResource
  /** When the call began to wait for others, on the clock of its policy. */
  readonly since: number
  /** The time in which other calls may join the request. It ends when the request is sent. */
  readonly wait: Pick<CallWait, 'sent'>
}

/** A combined request and the calls that it serves. */
interface Batch {
  readonly batching: BatchingFormat
  readonly receipt: OpenReceipt
  readonly members: readonly Member[]
}

/**
 * The error if the provider did not return one embedding for each text. It may return all of them if the texts are sent again in smaller
 * requests.
 */
class UnequalBatchError extends Error {
  override readonly name = 'UnequalBatchError'
}

/**
 * The error if the indexes in the answer do not say which embedding belongs to which text. The request is not retried, because a retry
 * would cost as much and fail in the same way.
 */
export class UnclearOrderError extends Error {
  override readonly name = 'UnclearOrderError'
  readonly answer: Answer

  constructor(answer: Answer) {
    super('the indexes of the embeddings do not say which text each belongs to')
    this.answer = answer
  }
}

/**
 * Splits the answer to a combined request into one answer for each member. Each answer looks as if its text had been sent alone. It
 * contains the unchanged embedding, and its share of the tokens.
 * @throws UnequalBatchError if the answer does not have one embedding for each member
 * @throws UnclearOrderError if it is not clear which embedding belongs to which text
 */
export function splitAnswer(answer: Answer, { batching, receipt, members }: Batch): readonly Answer[] {
  const json = answer.body.kind === 'text' ? answer.body.json : undefined
  const split = json ? batching.split(json, members.length) : 'unequal'
  if (split === 'unequal') throw new UnequalBatchError(`expected ${members.length} embeddings`)
  if (split === 'unclear-order') throw new UnclearOrderError(answer)
  const shares = receipt.usage && usagesOf(receipt.usage, members)
  return members.map(({ exchange }, place) => {
    const usage = shares?.[place]
    exchange.receipt.adopt(receipt)
    exchange.receipt.usage = usage
    const { billedTokens } = receipt
    exchange.receipt.billedTokens =
      usage && billedTokens ? { ...billedTokens, count: usage.inputTokens + usage.outputTokens } : undefined
    exchange.receipt.batch = { size: members.length }
    const alone = split[place] ?? {}
    const own = usage ? batching.withUsage(alone, usage.inputTokens) : alone
    return {
      ...answer,
      headers: new Headers(answer.headers),
      body: { kind: 'text', text: JSON.stringify(own), json: own },
    }
  })
}

/** Returns the estimated number of tokens of a text, at least 1. */
export function tokensOf(exchange: Exchange): number {
  return Math.max(1, estimateOf(exchange).inputTokens)
}

/**
 * Returns the sizes of the texts, in proportion to which the tokens and the cost are divided: their lengths. Under a spend limit, they are
 * the estimated tokens, for which money was reserved. Otherwise a long text would pay more than its reservation if other texts have more
 * tokens for each character.
 */
function sizesOf(members: readonly Member[]): readonly number[] {
  return members.map(({ exchange, text }) => (exchange.policy.spendLimits ? tokensOf(exchange) : text.length))
}

/** Returns the share of each member in the cost of a combined request, from 0 to 1. They add up to 1. */
export function sharesOf(members: readonly Member[]): readonly number[] {
  const sizes = sizesOf(members)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  return sizes.map((size) => (total === 0 ? 1 / sizes.length : size / total))
}

function usagesOf(usage: TokenUsage, members: readonly Member[]): readonly TokenUsage[] {
  return shareTokens(usage.inputTokens, sizesOf(members)).map((inputTokens) => ({ ...usage, inputTokens }))
}

/**
 * Returns how the members of a combined request share its cost.
 * @param shares as returned by `sharesOf`
 */
export function payersOf(members: readonly Member[], shares: readonly number[]): Payers {
  return {
    labels: members.map(({ exchange }) => exchange.receipt.labels),
    shareOf: (place) => shares[place] ?? 0,
    tokensOf: (usage) => usagesOf(usage, members),
  }
}

/**
 * Divides tokens in proportion to sizes. The shares are whole numbers and add up to `total`: shares are rounded down, and the remaining
 * tokens go to the shares with the largest fractions.
 * @param total a whole number of tokens
 * @param sizes the sizes of the members; none is negative
 */
export function shareTokens(total: number, sizes: readonly number[]): readonly number[] {
  const sum = sizes.reduce((all, size) => all + size, 0)
  const exact = sizes.map((size) => (sum === 0 ? total / sizes.length : (total * size) / sum))
  const shares = exact.map(Math.floor)
  const left = total - shares.reduce((all, share) => all + share, 0)
  const byLoss = exact
    .map((share, place) => ({ place, loss: share - Math.floor(share) }))
    .sort((one, other) => other.loss - one.loss)
  for (const { place } of byLoss.slice(0, Math.round(left))) shares[place] = (shares[place] ?? 0) + 1
  return shares
}
