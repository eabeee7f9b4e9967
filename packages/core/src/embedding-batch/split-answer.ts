import type { AsyncResource } from 'node:async_hooks'
import type { CallWait } from '../call/call-wait.ts'
import type { Answer, Exchange } from '../call/exchange.ts'
import type { OpenReceipt } from '../reporting/open-receipt.ts'
import type { TokenUsage } from '../reporting/receipt.ts'
import { isRecord } from '../base/json.ts'
import type { JsonBody } from '../base/json.ts'
import { inOrder } from '../protocols/openai-embeddings/in-order.ts'
import { shareTokens } from './share-tokens.ts'

/** One of those whose texts went into one request. */
export interface Member {
  readonly exchange: Exchange
  readonly text: string
  /** Of its caller: by the time the request leaves, another one is at work. */
  readonly context: AsyncResource
  /** Until the request leaves, the caller waits for others to join it. */
  readonly wait: Pick<CallWait, 'sent'>
}

/** The provider has not returned one embedding for each text. It may do so for fewer texts. */
class UnequalBatchError extends Error {
  override readonly name = 'UnequalBatchError'
}

/** The indexes do not say which embedding belongs to which text. To ask again would cost as much and bring the same. */
export class UnclearOrderError extends Error {
  override readonly name = 'UnclearOrderError'
  readonly answer: Answer

  constructor(answer: Answer) {
    super('the indexes of the embeddings do not say which text each belongs to')
    this.answer = answer
  }
}

/**
 * Gives each member its part of the answer, as if it had asked alone: its embedding as it came, its share of the tokens by the
 * length of its text, and of their cost.
 * @throws UnequalBatchError when the answer does not have one embedding for each
 * @throws UnclearOrderError when it is not clear which is whose
 */
export function splitAnswer(
  answer: Answer,
  receipt: OpenReceipt,
  members: readonly Member[],
): readonly Answer[] {
  const json = answer.body.kind === 'text' ? answer.body.json : undefined
  const data: readonly unknown[] = Array.isArray(json?.['data']) ? json['data'] : []
  if (!json || data.length !== members.length || !data.every(isRecord))
    throw new UnequalBatchError(`expected ${members.length} embeddings`)
  const embeddings = inOrder(data)
  if (!embeddings) throw new UnclearOrderError(answer)
  const shares = receipt.usage && sharesOf(receipt.usage, members)
  return members.map(({ exchange }, place) => {
    const usage = shares?.[place]
    exchange.receipt.adopt(receipt)
    exchange.receipt.usage = usage
    exchange.receipt.batch = { size: members.length }
    const tokens = usage && { prompt_tokens: usage.inputTokens, total_tokens: usage.inputTokens }
    const own: JsonBody = {
      ...json,
      data: [{ ...embeddings[place], index: 0 }],
      ...(tokens && { usage: tokens }),
    }
    return {
      ...answer,
      headers: new Headers(answer.headers),
      body: { kind: 'text', text: JSON.stringify(own), json: own },
    }
  })
}

/** The parts of a cost, by the length of each text; money need not be whole. */
export function shareOf(members: readonly Member[], place: number): number {
  const total = members.reduce((sum, { text }) => sum + text.length, 0)
  return (members[place]?.text.length ?? 0) / total
}

function sharesOf(usage: TokenUsage, members: readonly Member[]): readonly TokenUsage[] {
  const shares = shareTokens(
    usage.inputTokens,
    members.map(({ text }) => text.length),
  )
  return shares.map((inputTokens) => ({ ...usage, inputTokens }))
}
