import type { Cache, Recorded, Source, StreamOptions, WorkContext } from '@harbor/cache'
import { MAX_TIMER_MS } from '@harbor/parts'
import { isOutage } from '../attempt/next-step.ts'
import { isForLackOfMoney } from '../attempt/refusals.ts'
import type { AnswerHead } from '../cache/answer-head.ts'
import type { SemanticCall } from '../cache/semantic-call.ts'
import type { UpstreamCall } from '../cache/deliver.ts'
import { sourceInFleet, type FleetCall } from '../cache/fleet-flight.ts'
import { isUsable } from '../cache/is-usable.ts'
import { followedAnswer, ownAnswer, type OpenedAnswer } from '../cache/opened-answer.ts'
import { readForFleet } from '../cache/read-for-fleet.ts'
import { remainingMs, type Answer, type Exchange } from '../call/exchange.ts'
import { MARGIN_MS } from '../call/exchange-copies.ts'
import type { CacheRules } from '../options/cache-options.ts'
import type { FleetFlights } from '../options/fleet-flights.ts'
import type { Plan } from '../targets/plan.ts'

/** A call upstream that has been sent for all callers of the same request. */
export interface StartedCall extends UpstreamCall {
  readonly answering: Promise<Answer>
}

/** The upstream calls that are shared with other processes. */
export interface SharedFlights {
  readonly flights: FleetFlights
  /** Whether the far tier of the cache is that of the fleet. */
  readonly sharesFarTier: boolean
  /** The namespace of the cache. Caches with different ones share nothing. */
  readonly namespace: string
}

/** Where answers are cached, and which upstream calls are shared with other processes. */
interface Shared {
  readonly store: Cache<never>
  readonly fleet: SharedFlights | undefined
}

/** What is needed to find a cached answer: its key and scope, and the targets of the call. */
interface Lookup {
  readonly key: () => string
  readonly scope: string
  readonly plan: Plan
  /** The part that the semantic cache has in the call; undefined if it has none. */
  readonly semantic: SemanticCall | undefined
}

/** Returns the answer of a call from the cache, or sends the call and records its answer. @param start sends the call */
export function recordCall(
  { store, fleet }: Shared,
  { key, scope, plan, semantic }: Lookup,
  exchange: Exchange,
  rules: CacheRules,
  start: (context: WorkContext) => StartedCall,
): Promise<Recorded<AnswerHead>> {
  const { perCall, operation, signal } = exchange
  let opened: OpenedAnswer | undefined
  let begun: WorkContext | undefined
  const options: StreamOptions = {
    scope,
    isPrefetch: perCall.isPrefetch,
    control: perCall.cache,
    tags: perCall.tags,
    ttlMs: perCall.ttlMs ?? rules.ttlMs,
    staleWhileRevalidateMs: rules.staleWhileRevalidateMs,
    staleIfErrorMs: rules.staleIfErrorMs,
    signal,
    timeoutMs: Math.min(Math.ceil(remainingMs(exchange)) + MARGIN_MS, MAX_TIMER_MS),
    maxRecordBytes: rules.maxRecordBytes,
    serveStaleIf: isOutage,
    rememberFailureIf: concernsOthers,
    isComplete: (chunks) => {
      if (begun && opened) semantic?.note(begun, opened.source.head, chunks)
      return opened?.refusal(chunks) ?? true
    },
    isUsable: (head, content) => isUsable(head, content, exchange, rules),
  }
  const open = async (context: WorkContext): Promise<Source<AnswerHead>> => {
    begun = context
    const meant = semantic && (await semantic.source(context))
    if (meant) {
      // It stays the answer to the text for which it was cached.
      context.refuse('semantic')
      return meant
    }
    const source = await openUpstream(context)
    if (typeof source.body === 'string') semantic?.note(context, source.head, source.body)
    return source
  }
  const openUpstream = async (context: WorkContext): Promise<Source<AnswerHead>> => {
    const firstTarget = plan.outage[0]?.name
    const load = async (): Promise<OpenedAnswer> => {
      const upstream = start(context)
      upstream.answer = await upstream.answering
      const by = { target: upstream.answer.servedBy?.name, firstTarget }
      return (opened = ownAnswer(upstream, operation.caching, by, context, rules))
    }
    if (!fleet || context.key === '') return (await load()).source
    const { source, isFollowed } = await sourceInFleet(
      fleet.flights,
      {
        ...flightOf(fleet, scope, context.key, options),
        ...{ exchange, plan, rules, load },
        onFollowed: () => void readForFleet(store, context.key, options),
      },
      context,
    )
    if (isFollowed) opened = followedAnswer(source, firstTarget, context, { exchange, rules })
    return source
  }
  return store.record<AnswerHead>(key, open, options)
}

/** Returns how a call is identified in all processes, and how old its answer may be. */
function flightOf(
  { namespace, sharesFarTier }: SharedFlights,
  scope: string,
  key: string,
  { control, ttlMs = 0 }: StreamOptions,
): Pick<FleetCall, 'name' | 'maxAgeMs' | 'sharesFarTier'> {
  const isRefresh = control === 'refresh'
  // A call that skips the cache only joins another one that does so, and none that has ended.
  const name = JSON.stringify([namespace, scope, key, isRefresh])
  return { name, maxAgeMs: isRefresh ? 0 : ttlMs, sharesFarTier }
}

/** Whether a failure may keep other calls from being sent. That one caller has no money left must not keep the others from a fresh answer. */
const concernsOthers = (error: unknown): boolean => !isForLackOfMoney(error)
