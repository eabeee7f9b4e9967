import { NotCachedError, type Recorded } from '@harbor/cache'
import { AttemptError } from '../attempt/attempt-error.ts'
import { notCached } from '../attempt/failures.ts'
import { noteResponseId } from '../attempt/note-response-id.ts'
import type { Answer, Exchange, StreamEnd } from '../call/exchange.ts'
import { atFirstTarget } from '../call/exchange-copies.ts'
import type { Accounts } from '../cost/accounts.ts'
import { TimeoutError } from '../base/errors.ts'
import type { UsageReport } from '../protocols/shared/delivery.ts'
import { ReadStream } from '../stream/read-stream.ts'
import type { Plan } from '../targets/routes.ts'
import { parseRecord } from '../base/json.ts'
import type { AnswerHead } from './answer-head.ts'
import type { PassingPieces } from './passing-pieces.ts'

/** The call upstream that one of those who ask has begun. */
export interface Work {
  readonly fork: Exchange
  answer?: Answer
  /** The answer on its way into the cache, if it is a stream. */
  pieces?: PassingPieces
}

/** One caller's part in a question: who he is, and the work, if it was his call that began it. */
export interface Part {
  readonly exchange: Exchange
  readonly plan: Plan
  readonly work: Work | undefined
  readonly accounts: Accounts
}

/** What one caller gets of a recorded answer, and what his receipt tells of it. */
export async function handOut(part: Part, recorded: Recorded<AnswerHead>): Promise<Answer> {
  const { work } = part
  const { receipt } = part.exchange
  const { status, reason, ageMs, head } = recorded
  const isOwn = status === 'miss' || status === 'bypass'
  if (work && (isOwn || reason === 'load-failed')) receipt.adopt(work.fork.receipt)
  receipt.cache = { status, reason, ageMs }
  receipt.target = head.target || receipt.target
  receipt.degraded = reason === 'load-failed' || reason === 'backing-off'
  const own = isOwn ? work : undefined
  if (head.kind === 'stream') return streamedAnswer(part, recorded, own)
  if (!own?.answer) return wholeAnswer(part, recorded)
  note(part, await recorded.kept)
  return own.answer
}

async function wholeAnswer(part: Part, { head, body }: Recorded<AnswerHead>): Promise<Answer> {
  const { receipt, operation } = part.exchange
  const { answer } = operation
  const text = body.text ?? (await textOf(body))
  const json = parseRecord(text)
  receipt.finishReasons = answer.finishReasonsOf(json ?? {})
  noteResponseId(part.exchange, json && answer.idOf(json))
  noteUsage(part, head, answer.usageOf(json ?? {}))
  return { ...given(head), body: { kind: 'text', text, json } }
}

function streamedAnswer(part: Part, { head, body, kept }: Recorded<AnswerHead>, own?: Work): Answer {
  const { operation, receipt, policy, signal } = part.exchange
  const hasLeft = (): boolean => signal?.aborted === true
  const guarded = own?.answer?.body.kind === 'stream' ? own.answer.body.pieces : undefined
  // What was recorded has been guarded: it ends in an error event unless it was complete.
  const dialect = guarded?.dialect ?? operation.newDialect({ streamEnd: 'done' })
  const onResponseId = own ? undefined : (id: string) => noteResponseId(part.exchange, id)
  const reader = new ReadStream(body, dialect, { hasLeft, parsed: guarded && own?.pieces, onResponseId })
  receipt.firstContentMs = policy.clock.now() - receipt.startedAt
  const ended = reader.ended.then(async (end): Promise<StreamEnd> => {
    if (own) {
      // Whoever leaves before the others gets what is known by then.
      if (end.outcome !== 'aborted' && own.answer?.body.kind === 'stream') await own.answer.body.ended
      receipt.adopt(own.fork.receipt)
      if (end.outcome !== 'aborted') note(part, await kept)
      return end
    }
    receipt.finishReasons = dialect.finishReasons
    noteUsage(part, head, dialect.delivery.report)
    return end
  })
  return {
    ...(own?.answer ?? given(head)),
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

/** An answer that is given again, with headers of this caller's own. */
function given({ status, statusText, url, headers }: AnswerHead): Omit<Answer, 'body'> {
  return { status, statusText, url, headers: new Headers(headers as [string, string][]) }
}

function note({ exchange: { receipt } }: Part, kept: true | string): void {
  if (receipt.cache && receipt.outcome === 'pending') receipt.cache = { ...receipt.cache, kept }
}

/** What nobody had to pay for. */
function noteUsage(
  { exchange, plan, accounts }: Part,
  { target: name }: AnswerHead,
  { usage, serviceTier, costUsd }: UsageReport,
): void {
  exchange.receipt.usage = usage
  exchange.receipt.serviceTier = serviceTier
  const { outage, contextWindow, contentPolicy } = plan
  const target = [...outage, ...contextWindow, ...contentPolicy].find((each) => each.name === name)
  if (usage && target) accounts.bookSaved(target, { usage, serviceTier, reportedUsd: costUsd })
}

/** What one caller is told, when many have waited for what failed. */
export function ownError(error: unknown, { exchange, plan, work }: Part): unknown {
  const { receipt, policy } = exchange
  if (NotCachedError.is(error)) return notCached(atFirstTarget(exchange, plan.outage), error)
  receipt.cache = { status: work ? 'miss' : 'shared', reason: 'failed', ageMs: 0 }
  if (work) receipt.adopt(work.fork.receipt)
  if (error instanceof DOMException && error.name === 'TimeoutError')
    return new TimeoutError('total', policy.totalMs)
  if (!(error instanceof AttemptError) || work) return error
  return error.copyFor(exchange)
}
