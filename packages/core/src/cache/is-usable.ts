import { answerRefusal, type LlmOperation } from '@harbor/cache'
import type { Exchange } from '../call/exchange.ts'
import { parseRecord } from '../base/json.ts'
import { isAnswerHead } from './answer-head.ts'
import type { CacheRules } from '../options/cache-options.ts'

const END_OF_EVENT = new TextEncoder().encode('\n\n')

/**
 * Whether an entry of the far tier answers a request: its head is one of ours, and its content a whole answer. Its checksum shows that
 * nothing was damaged; it is no signature, and does not identify the writer.
 */
export function isUsable(
  head: unknown,
  content: string | Uint8Array,
  { streaming, operation }: Exchange,
  rules: CacheRules,
): boolean {
  if (!isAnswerHead(head, streaming ? 'stream' : 'text')) return false
  const facts = { operation: operation.name as LlmOperation, status: 200 }
  if (streaming) {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
    // Not every provider ends its last event with an empty line.
    return answerRefusal({ ...facts, stream: true, chunks: [bytes, END_OF_EVENT] }, rules) === undefined
  }
  const json = typeof content === 'string' ? parseRecord(content) : undefined
  return json !== undefined && answerRefusal({ ...facts, json }, rules) === undefined
}
