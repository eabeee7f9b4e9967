import type { Source, WorkContext } from '@harbor/cache'
import { parseRecord, type JsonBody } from '../base/json.ts'
import type { Exchange } from '../call/exchange.ts'
import type { CacheRules } from '../options/cache-options.ts'
import type { CachingRules } from '../protocols/protocol.ts'
import { headOf, type AnswerHead } from './answer-head.ts'
import type { UpstreamCall } from './deliver.ts'
import { isUsable } from './is-usable.ts'
import { ParsedChunkTap } from './parsed-chunk-tap.ts'
import { whyNotKept, type AnsweredBy } from './why-not-kept.ts'

/** The source of an answer, and what is decided about it at its end. */
export interface OpenedAnswer {
  readonly source: Source<AnswerHead>
  /** Returns why the stream is not cached; undefined if it is. */
  readonly refusal: (chunks: readonly Uint8Array[]) => string | undefined
  /** Whether the answer is cached, as far as its content is concerned. */
  readonly isKept: () => boolean
}

/**
 * Returns the head and the body to cache. The body has the same bytes that callers get. Whether the answer may be cached is decided from
 * the JSON or the stream events that were parsed when the answer was checked.
 */
export function ownAnswer(
  upstream: UpstreamCall,
  caching: CachingRules,
  by: AnsweredBy,
  context: WorkContext,
  rules: CacheRules,
): OpenedAnswer {
  const { answer } = upstream
  if (!answer) throw new Error('The upstream call has ended, so that there is an answer.')
  const head = headOf(answer, by.target ?? '')
  const origin = upstream.fork.receipt
  const { body } = answer
  if (body.kind === 'text') {
    const refusal = refusalOfText(body.json ?? parseRecord(body.text), by, caching, rules)
    if (refusal !== undefined) context.refuse(refusal)
    return { source: { head, body: body.text, origin }, refusal: none, isKept: () => refusal === undefined }
  }
  if (!body.pieces) {
    context.refuse('unjudged')
    return { source: { head, body: body.chunks, origin }, refusal: none, isKept: () => false }
  }
  const tap = new ParsedChunkTap(body, body.pieces, caching.newProof())
  upstream.tap = tap
  const refusal = (): string | undefined => whyNotKept(by, tap.proof.refusal, rules)
  return { source: { head, body: tap, origin }, refusal, isKept: () => refusal() === undefined }
}

/** Decides whether an answer that another process has sent on is cached. A stream is read as a whole, since its events were not parsed here. */
export function followedAnswer(
  source: Source<AnswerHead>,
  firstTarget: string | undefined,
  context: WorkContext,
  { exchange, rules }: { readonly exchange: Exchange; readonly rules: CacheRules },
): OpenedAnswer {
  const { head, body } = source
  const by = { target: head.target, firstTarget }
  const { caching } = exchange.operation
  const isKept = (): boolean => false
  if (typeof body === 'string') {
    const refusal = refusalOfText(parseRecord(body), by, caching, rules)
    if (refusal !== undefined) context.refuse(refusal)
    return { source, refusal: none, isKept }
  }
  const refusal = (chunks: readonly Uint8Array[]): string | undefined =>
    isUsable(head, Buffer.concat(chunks), exchange, rules) ? whyNotKept(by, undefined, rules) : 'incomplete'
  return { source, refusal, isKept }
}

function refusalOfText(
  json: JsonBody | undefined,
  by: AnsweredBy,
  caching: CachingRules,
  rules: CacheRules,
): string | undefined {
  return whyNotKept(by, json ? caching.refusalOf(json) : 'incomplete', rules)
}

const none = (): undefined => undefined
