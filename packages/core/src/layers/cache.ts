import { answerRefusal, requestKey, type Cache, type LlmOperation, type Recorded } from '@harbor/cache'
import { notCached } from '../attempt/failures.ts'
import { headOf, type AnswerHead } from '../cache/answer-head.ts'
import type { CacheRules } from '../cache/cache-options.ts'
import { handOut, ownError, type Part, type Work } from '../cache/hand-out.ts'
import type { Scopes } from '../cache/scopes.ts'
import { whyNotCached } from '../cache/why-not-cached.ts'
import { remainingMs, type Answer, type Exchange, type Handler } from '../call/exchange.ts'
import { forkOf, MARGIN_MS } from '../call/fork.ts'
import { unsent } from '../call/leg.ts'
import type { Accounts } from '../cost/accounts.ts'
import { MAX_MS } from '../options/check.ts'
import type { Foresight } from '../prefetch/foresight.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { isOutage } from '../verdict.ts'
import { planOf } from './fallback.ts'

export interface CacheLayerState {
  /** Made when it is first needed. */
  readonly store: () => Cache<never>
  readonly scopes: Scopes
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
      if (exchange.asked.cache === 'only-if-cached' || exchange.asked.ahead)
        throw notCached(unsent(exchange, plan.outage))
      return next(exchange)
    }
    let work: Work | undefined
    const part = (): Part => ({ exchange, plan, work, accounts })
    const open = (fork: Exchange): Promise<Answer> => {
      const begun: Work = { fork }
      work = begun
      return next(fork).then((answer) => (begun.answer = answer))
    }
    const { asked, headers, json = {}, url } = exchange
    const scope = asked.scope ?? rules.scope ?? scopes.of(headers)
    const key = (): string => {
      const made = requestKey(json, { baseURL: url, scope, ignore: rules.ignore })
      if (!asked.ahead) foresight?.observe(exchange, made, scope)
      return made
    }
    try {
      const recorded = await record(
        store(),
        { key, scope, firstTarget: plan.outage[0]?.name },
        exchange,
        rules,
        open,
      )
      return await handOut(part(), recorded)
    } catch (error) {
      throw ownError(error, part())
    }
  }
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
  open: (fork: Exchange) => Promise<Answer>,
): Promise<Recorded<AnswerHead>> {
  const { asked, operation, streaming, signal } = exchange
  let target: string | undefined
  return store.record<AnswerHead>(
    key,
    async (context) => {
      const answer = await open(forkOf(exchange, context))
      target = answer.servedBy?.name
      return { head: headOf(answer, target ?? ''), body: bytesOf(answer) }
    },
    {
      scope,
      ahead: asked.ahead,
      control: asked.cache,
      tags: asked.tags,
      ttlMs: asked.ttlMs ?? rules.ttlMs,
      staleWhileRevalidateMs: rules.staleWhileRevalidateMs,
      staleIfErrorMs: rules.staleIfErrorMs,
      signal,
      timeoutMs: Math.min(Math.ceil(remainingMs(exchange)) + MARGIN_MS, MAX_MS),
      maxRecordBytes: rules.maxRecordBytes,
      serveStaleIf: isOutage,
      isComplete: (chunks) =>
        answerRefusal(
          {
            operation: operation.name as LlmOperation,
            status: 200,
            stream: streaming,
            chunks,
            target,
            firstTarget,
          },
          rules,
        ) ?? true,
    },
  )
}

/** The body as it is kept: byte for byte what callers get. */
function bytesOf({ body }: Answer): AsyncIterable<Uint8Array> {
  return body.kind === 'stream' ? body.chunks : once(new TextEncoder().encode(body.text))
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes)
}
