import { NotCachedError, type Recorded } from '@harbor/cache'
import { AttemptError } from '../attempt/attempt-error.ts'
import { notCached } from '../attempt/refusals.ts'
import { noteResponseId } from '../attempt/note-response-id.ts'
import type { Answer, Exchange, StreamEnd } from '../call/exchange.ts'
import { atFirstTarget } from '../call/exchange-copies.ts'
import type { Accounts } from '../cost/accounts.ts'
import { TimeoutError } from '../base/errors.ts'
import { OpenReceipt } from '../reporting/open-receipt.ts'
import type { UsageReport } from '../protocols/shared/delivery.ts'
import { ReadStream } from '../stream/read-stream.ts'
import type { Plan } from '../targets/plan.ts'
import { parseRecord } from '../base/json.ts'
import type { AnswerHead } from './answer-head.ts'
import type { ParsedChunkTap } from './parsed-chunk-tap.ts'

/** The call that is sent upstream for all callers of the same request. One of these callers started it. */
export interface UpstreamCall {
  readonly fork: Exchange
  answer?: Answer
  /** Passes the stream of the answer to the cache, with the events parsed from it; undefined for an answer that is not a stream. */
  tap?: ParsedChunkTap
}

/** One caller of a cached or coalesced answer, and what is needed to deliver the answer to this caller. */
export interface CallerContext {
  readonly exchange: Exchange
  readonly plan: Plan
  /** The upstream call, if this caller started it; undefined if another caller did, or if the answer was cached. */
  readonly upstream: UpstreamCall | undefined
  readonly accounts: Accounts
}

/** Makes the answer for one caller from a recorded answer. The receipt of this caller says where the answer came from. */
export async function deliver(caller: CallerContext, recorded: Recorded<AnswerHead>): Promise<Answer> {
  const { upstream } = caller
  const { receipt, observed } = caller.exchange
  const { status, reason, ageMs, head, origin } = recorded
  const served = origin instanceof OpenReceipt ? origin : upstream?.fork.receipt
  if (served && status !== 'hit' && reason !== 'revalidating') observed?.servedBy(served)
  const isOwn = status === 'miss' || status === 'bypass'
  if (upstream && (isOwn || reason === 'load-failed')) receipt.adopt(upstream.fork.receipt)
  receipt.cache = { status, reason, ageMs }
  receipt.target = head.target || receipt.target
  receipt.degraded = reason === 'load-failed' || reason === 'backing-off'
  const own = isOwn ? upstream : undefined
  if (head.kind === 'stream') return streamedAnswer(caller, recorded, own)
  if (!own?.answer) return wholeAnswer(caller, recorded)
  recordStored(caller, await recorded.stored)
  return own.answer
}

async function wholeAnswer(caller: CallerContext, { head, body }: Recorded<AnswerHead>): Promise<Answer> {
  const { receipt, operation } = caller.exchange
  const { answer } = operation
  const text = body.text ?? (await textOf(body))
  const json = parseRecord(text)
  receipt.finishReasons = answer.finishReasonsOf(json ?? {})
  noteResponseId(caller.exchange, json && answer.idOf(json))
  recordSavedUsage(caller, head, answer.usageOf(json ?? {}))
  return { ...cachedHead(head), body: { kind: 'text', text, json } }
}

function streamedAnswer(
  caller: CallerContext,
  { head, body, stored }: Recorded<AnswerHead>,
  own?: UpstreamCall,
): Answer {
  const { operation, receipt, policy, signal } = caller.exchange
  const hasLeft = (): boolean => signal?.aborted === true
  const guarded = own?.answer?.body.kind === 'stream' ? own.answer.body.pieces : undefined
  // A recorded stream has passed the guard. If it is incomplete, it ends with an error event, so `[DONE]` is sufficient proof.
  const dialect = guarded?.dialect ?? operation.newDialect({ streamEnd: 'done' })
  const onResponseId = own ? undefined : (id: string) => noteResponseId(caller.exchange, id)
  const reader = new ReadStream(body, dialect, { hasLeft, parsed: guarded && own?.tap, onResponseId })
  receipt.firstContentMs = policy.clock.now() - receipt.startedAt
  const ended = reader.ended.then(async (end): Promise<StreamEnd> => {
    if (own) {
      // For a caller that leaves before the end, the receipt is closed at once, with the facts known by then.
      if (end.outcome !== 'aborted' && own.answer?.body.kind === 'stream') await own.answer.body.ended
      receipt.adopt(own.fork.receipt)
      if (end.outcome !== 'aborted') recordStored(caller, await stored)
      return end
    }
    receipt.finishReasons = dialect.finishReasons
    recordSavedUsage(caller, head, dialect.delivery.report)
    return end
  })
  return {
    ...(own?.answer ?? cachedHead(head)),
    body: {
      kind: 'stream',
      chunks: reader,
      pieces: reader,
      ended,
      abandon: (reason) => reader.abandon(reason),
    },
  }
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** Returns the head of a cached answer, with a copy of its headers that the caller may change. */
function cachedHead({ status, statusText, url, headers }: AnswerHead): Omit<Answer, 'body'> {
  return { status, statusText, url, headers: new Headers(headers as [string, string][]) }
}

/**
 * Records in the caller's receipt whether the answer was cached.
 * @param stored true, or the reason why the answer was not cached
 */
function recordStored({ exchange: { receipt } }: CallerContext, stored: true | string): void {
  if (receipt.cache && receipt.outcome === 'pending') receipt.cache = { ...receipt.cache, stored }
}

/** Records the usage of an answer that was cached or coalesced: in the receipt of the caller, and in the statistics as saved cost. */
function recordSavedUsage(
  { exchange, plan, accounts }: CallerContext,
  { target: name }: AnswerHead,
  { usage, serviceTier, costUsd }: UsageReport,
): void {
  exchange.receipt.usage = usage
  exchange.receipt.serviceTier = serviceTier
  const { outage, contextWindow, contentPolicy } = plan
  const target = [...outage, ...contextWindow, ...contentPolicy].find((each) => each.name === name)
  if (usage && target)
    accounts.bookSaved(target, { usage, serviceTier, reportedUsd: costUsd }, exchange.receipt)
}

/** Returns the error for one of the callers that waited for a failed upstream call. */
export function errorForCaller(error: unknown, { exchange, plan, upstream }: CallerContext): unknown {
  const { receipt, policy, observed } = exchange
  if (NotCachedError.is(error)) return notCached(atFirstTarget(exchange, plan.outage), error)
  receipt.cache = { status: upstream ? 'miss' : 'shared', reason: 'failed', ageMs: 0 }
  // The error of a shared call has the receipt of the upstream call.
  const served =
    upstream?.fork.receipt ?? (error instanceof AttemptError ? error.exchange.receipt : undefined)
  if (served) observed?.servedBy(served)
  if (upstream) receipt.adopt(upstream.fork.receipt)
  if (error instanceof DOMException && error.name === 'TimeoutError')
    return new TimeoutError('total', policy.totalMs)
  if (!(error instanceof AttemptError) || upstream) return error
  return error.copyFor(exchange)
}
