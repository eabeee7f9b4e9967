import type { Exchange } from '../call/exchange.ts'
import { parseRecord } from '../base/json.ts'
import { isAnswerHead } from './answer-head.ts'
import type { CacheRules } from '../options/cache-options.ts'
import type { CachingRules } from '../protocols/protocol.ts'
import { DONE } from '../wire/sse-event.ts'
import { SseSplitter } from '../wire/sse-splitter.ts'
import { isAllowed } from './why-not-kept.ts'

const END_OF_EVENT = '\n\n'

/**
 * Whether an entry of the far tier can answer a request: its head has the right format, and its content is a complete answer. This is
 * checked because another program may have written the entry. The checksum of an entry shows only that it is undamaged.
 */
export function isUsable(
  head: unknown,
  content: string | Uint8Array,
  { streaming, operation: { caching } }: Exchange,
  rules: CacheRules,
): boolean {
  if (!isAnswerHead(head, streaming ? 'stream' : 'text')) return false
  if (streaming) return isWholeStream(content, caching, rules)
  const json = typeof content === 'string' ? parseRecord(content) : undefined
  return json !== undefined && isAllowed(caching.refusalOf(json), rules)
}

function isWholeStream(content: string | Uint8Array, caching: CachingRules, rules: CacheRules): boolean {
  const proof = caching.newProof()
  // A blank line is added, since not every provider ends its last event with one.
  const bytes = Buffer.concat([Buffer.from(content), Buffer.from(END_OF_EVENT)])
  for (const { name, data } of new SseSplitter().push(bytes).events)
    if (data !== undefined && data !== DONE) proof.add(name, parseRecord(data))
  return isAllowed(proof.refusal, rules)
}
