import type { AsyncResource } from 'node:async_hooks'
import type { CallWait } from '../call/call-wait.ts'
import type { Answer, Exchange } from '../call/exchange.ts'
import type { OpenReceipt } from '../reporting/open-receipt.ts'
import type { TokenUsage } from '../reporting/receipt.ts'
import type { BatchingFormat } from '../protocols/protocol.ts'
import { shareTokens } from './share-tokens.ts'

/** One of the calls whose texts went into one request. */
export interface Member {
  readonly exchange: Exchange
  readonly text: string
  /** The async context of its caller: the request leaves in that of another one. */
  readonly context: AsyncResource
  /** Until the request leaves, the caller waits for others to join it. */
  readonly wait: Pick<CallWait, 'sent'>
}

/** The requests that went out as one. */
interface Batch {
  readonly batching: BatchingFormat
  readonly receipt: OpenReceipt
  readonly members: readonly Member[]
}

/** The provider has not returned one embedding for each text. It may do so for fewer texts. */
class UnequalBatchError extends Error {
  override readonly name = 'UnequalBatchError'
}

/** The indexes do not say which embedding belongs to which text. Another request would cost as much and bring the same. */
export class UnclearOrderError extends Error {
  override readonly name = 'UnclearOrderError'
  readonly answer: Answer

  constructor(answer: Answer) {
    super('the indexes of the embeddings do not say which text each belongs to')
    this.answer = answer
  }
}

/**
 * Gives each member its part of the answer, as if it had been sent alone: its embedding as it came, its share of the tokens by the
 * length of its text, and of their cost.
 * @throws UnequalBatchError when the answer does not have one embedding for each
 * @throws UnclearOrderError when it is not clear which embedding belongs to which text
 */
export function splitAnswer(answer: Answer, { batching, receipt, members }: Batch): readonly Answer[] {
  const json = answer.body.kind === 'text' ? answer.body.json : undefined
  const split = json ? batching.split(json, members.length) : 'unequal'
  if (split === 'unequal') throw new UnequalBatchError(`expected ${members.length} embeddings`)
  if (split === 'unclear-order') throw new UnclearOrderError(answer)
  const shares = receipt.usage && sharesOf(receipt.usage, members)
  return members.map(({ exchange }, place) => {
    const usage = shares?.[place]
    exchange.receipt.adopt(receipt)
    exchange.receipt.usage = usage
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
