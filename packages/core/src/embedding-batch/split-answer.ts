import type { Answer, Exchange } from '../call/exchange.ts'
import type { OpenReceipt } from '../open-receipt.ts'
import type { TokenUsage } from '../receipt.ts'
import { isRecord } from '../wire/json.ts'
import type { JsonBody } from '../wire/operation.ts'
import { shareTokens } from './share-tokens.ts'

/** One of those whose texts went into one request. */
export interface Member {
  readonly exchange: Exchange
  readonly text: string
}

/** The provider has not given one embedding for each text. */
class UnequalBatchError extends Error {
  override readonly name = 'UnequalBatchError'
}

/**
 * Gives each member its part of the answer, as if it had asked alone: its embedding as it came, its share of the tokens by the
 * length of its text, and of their cost.
 * @throws UnequalBatchError when the answer does not have one embedding for each
 */
export function splitAnswer(
  answer: Answer,
  receipt: OpenReceipt,
  members: readonly Member[],
): readonly Answer[] {
  const json = answer.body.kind === 'text' ? answer.body.json : undefined
  const embeddings = inOrder(json, members.length)
  if (!json || !embeddings) throw new UnequalBatchError(`expected ${members.length} embeddings`)
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

/** By the index that each embedding tells, since an answer may come in any order. */
function inOrder(json: JsonBody | undefined, count: number): readonly JsonBody[] | undefined {
  const data = Array.isArray(json?.['data']) ? (json['data'] as readonly unknown[]) : []
  const embeddings: JsonBody[] = []
  for (const [place, each] of data.entries()) {
    if (!isRecord(each)) return undefined
    const index = typeof each['index'] === 'number' ? each['index'] : place
    embeddings[index] = each
  }
  const isWhole = embeddings.length === count && Object.keys(embeddings).length === count
  return isWhole ? embeddings : undefined
}
