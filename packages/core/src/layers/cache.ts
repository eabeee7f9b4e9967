import { requestKey, type Cache, type Recorded, type Source, type WorkContext } from '@harbor/cache'
import { notCached } from '../attempt/failures.ts'
import { headOf, type AnswerHead } from '../cache/answer-head.ts'
import { isUsable } from '../cache/is-usable.ts'
import type { CacheRules } from '../options/cache-options.ts'
import { handOut, ownError, type Part, type Work } from '../cache/hand-out.ts'
import { PassingPieces } from '../cache/passing-pieces.ts'
import type { NearTwins } from '../cache/near-twins.ts'
import type { Scope, Scopes } from '../cache/scopes.ts'
import { whyNotCached } from '../cache/why-not-cached.ts'
import { whyNotKept, type AnsweredBy } from '../cache/why-not-kept.ts'
import { remainingMs, type Answer, type Exchange, type Handler } from '../call/exchange.ts'
import { atFirstTarget, MARGIN_MS, sharedExchange } from '../call/exchange-copies.ts'
import { planOf } from '../routing/plan-of.ts'
import type { Accounts } from '../cost/accounts.ts'
import { LONGEST_TIMER_MS } from '@harbor/parts'
import type { Foresight } from '../prefetch/foresight.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { isOutage } from '../attempt/next-step.ts'
import { isCalledOffForOthers } from './send-gate.ts'
import { parseRecord } from '../base/json.ts'
import type { CachingRules } from '../protocols/protocol.ts'

export interface CacheLayerState {
  /** Made when it is first needed. */
  readonly store: () => Cache<never>
  readonly scopes: Scopes
  readonly twins: NearTwins
  /** Told what is asked; undefined when nothing is asked ahead. */
  readonly foresight: Foresight | undefined
  readonly accounts: Accounts
  readonly telemetry: Telemetry
}

/**
 * Answers from what is kept, and lets all who ask the same at once share one call upstream. It sees requests as they were asked,
 * so an answer belongs to the model that was asked for.
 */
export function cacheLayer({
  store,
  scopes,
  twins,
  foresight,
  accounts,
  telemetry,
}: CacheLayerState): (next: Handler) => Handler {
  return (next) => (exchange) => {
    const { policy, operation } = exchange
    return policy.cache && operation.judged ? cached(exchange, policy.cache, next) : next(exchange)
  }

  async function cached(exchange: Exchange, rules: CacheRules, next: Handler): Promise<Answer> {
    const plan = planOf(exchange)
    const reason = whyNotCached(exchange, rules, telemetry)
    if (reason !== undefined) {
      exchange.receipt.cache = { status: 'bypass', reason, ageMs: 0 }
      // What is not to be kept is of no use ahead.
      if (exchange.perCall.cache === 'only-if-cached' || exchange.perCall.ahead)
        throw notCached(atFirstTarget(exchange, plan.outage))
      return next(exchange)
    }
    let work: Work | undefined
    const part = (): Part => ({ exchange, plan, work, accounts })
    const begin = (context: WorkContext): Begun => {
      const fork = sharedExchange(exchange, context)
      const begun = { fork, answering: next(fork) }
      work = begun
      return begun
    }
    const { perCall, json = {}, url } = exchange
    const scope = scopes.of(exchange, perCall.scope ?? rules.scope, rules, plan)
    let question = ''
    const key = (): string => {
      // The store keeps scopes apart, so the same question has the same key in all of them.
      question = requestKey(json, { baseURL: url, scope: QUESTION, ignore: rules.ignore })
      const made = question + scope.variant
      if (!perCall.ahead) foresight?.observe(exchange, made, scope.name)
      return made
    }
    try {
      const recorded = await record(
        store(),
        { key, scope: scope.name, firstTarget: plan.outage[0]?.name },
        exchange,
        rules,
        begin,
      )
      const answer = await handOut(part(), recorded)
      if (recorded.status === 'miss' && recorded.reason === 'absent') nameTwin(exchange, question, scope)
      return answer
    } catch (error) {
      if (isCalledOffForOthers(error, exchange)) return cached(exchange, rules, next)
      throw ownError(error, part())
    }
  }

  /** Names the header that kept this call from the answer to the same question. */
  function nameTwin({ receipt }: Exchange, question: string, scope: Scope): void {
    const names = twins.separatedBy(question, scope, scopes, store())
    if (names !== undefined && receipt.cache)
      receipt.cache = { ...receipt.cache, reason: `absent: ${names} differs` }
  }
}

/** Stands for the scope in keys of questions. */
const QUESTION = 'question'

/** Work whose answer is on its way. */
interface Begun extends Work {
  readonly answering: Promise<Answer>
}

/** What is asked for, and whose answer it should be. */
interface Wanted {
  readonly key: () => string
  readonly scope: string
  readonly firstTarget: string | undefined
}

function record(
  store: Cache<never>,
  { key, scope, firstTarget }: Wanted,
  exchange: Exchange,
  rules: CacheRules,
  begin: (context: WorkContext) => Begun,
): Promise<Recorded<AnswerHead>> {
  const { perCall, operation, signal } = exchange
  let refusal = (): string | undefined => undefined
  return store.record<AnswerHead>(
    key,
    async (context) => {
      const work = begin(context)
      work.answer = await work.answering
      const target = work.answer.servedBy?.name
      const by = { target, firstTarget }
      refusal = () => work.pieces && whyNotKept(by, work.pieces.proof.refusal, rules)
      return sourceOf(work, operation.caching, by, context, rules)
    },
    {
      scope,
      ahead: perCall.ahead,
      control: perCall.cache,
      tags: perCall.tags,
      ttlMs: perCall.ttlMs ?? rules.ttlMs,
      staleWhileRevalidateMs: rules.staleWhileRevalidateMs,
      staleIfErrorMs: rules.staleIfErrorMs,
      signal,
      timeoutMs: Math.min(Math.ceil(remainingMs(exchange)) + MARGIN_MS, LONGEST_TIMER_MS),
      maxRecordBytes: rules.maxRecordBytes,
      serveStaleIf: isOutage,
      isComplete: () => refusal() ?? true,
      isUsable: (head, content) => isUsable(head, content, exchange, rules),
    },
  )
}

/** What is kept of an answer, byte for byte what callers get. The guard has parsed it: nobody does so again to judge it. */
function sourceOf(
  work: Work,
  caching: CachingRules,
  by: AnsweredBy,
  context: WorkContext,
  rules: CacheRules,
): Source<AnswerHead> {
  const { answer } = work
  if (!answer) throw new Error('An answer is there when its work is done.')
  const head = headOf(answer, by.target ?? '')
  const { body } = answer
  if (body.kind === 'text') {
    const json = body.json ?? parseRecord(body.text)
    const refusal = whyNotKept(by, json ? caching.refusalOf(json) : 'incomplete', rules)
    if (refusal !== undefined) context.refuse(refusal)
    return { head, body: body.text }
  }
  if (!body.pieces) {
    context.refuse('unjudged')
    return { head, body: body.chunks }
  }
  work.pieces = new PassingPieces(body, body.pieces, caching.newProof())
  return { head, body: work.pieces }
}
