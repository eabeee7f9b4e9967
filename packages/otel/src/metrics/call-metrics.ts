import type { Context } from '@opentelemetry/api'
import { attemptOutcome, callErrorType } from '../facts/error-type.ts'
import { isInference, waitReason } from '../facts/names.ts'
import { guarded } from '../guarded.ts'
import type { CallReceipt, CallRequest, StartedCall } from '../observed.ts'
import type { Attempt, Wait } from '../observed-attempt.ts'
import type { Settings } from '../options.ts'
import type { EndedCall } from './ended-call.ts'
import type { Instruments } from './instruments.ts'
import { MetricAttributes } from './metric-attributes.ts'
import { TokenMetrics } from './token-metrics.ts'

/** Records the metrics of calls. */
export class CallMetrics {
  readonly #semconv: Settings['semconv']
  readonly #attributes: MetricAttributes
  readonly #tokens: TokenMetrics

  constructor({ semconv, metricLabels }: Settings) {
    this.#semconv = semconv
    this.#attributes = new MetricAttributes(metricLabels)
    this.#tokens = new TokenMetrics(semconv, this.#attributes)
  }

  attemptStarted(to: Instruments, { target }: Attempt): void {
    guarded(() => to.upDownCounter('harbor.in_flight').add(1, this.#attributes.ofTarget(target)))
  }

  attemptEnded(to: Instruments, attempt: Attempt, context: Context): void {
    const { target, reason, failure } = attempt
    const ofTarget = this.#attributes.ofTarget(target)
    guarded(() => to.upDownCounter('harbor.in_flight').add(-1, ofTarget))
    guarded(() => to.counter('harbor.attempts').add(1, this.#attributes.ofAttempt(attempt), context))
    if (reason === 'hedge') {
      const outcome = attemptOutcome(attempt)
      const result = outcome === 'ok' ? 'won' : outcome === 'lost' ? 'lost' : 'failed'
      const attributes = this.#attributes.of({ 'harbor.hedge.outcome': result })
      guarded(() => to.counter('harbor.hedges').add(1, attributes, context))
    }
    if (failure?.kind === 'stream')
      guarded(() => to.counter('harbor.stream.incomplete').add(1, ofTarget, context))
  }

  /** Returns a function that records the time between the contents of one stream. It is called with the time of each, in milliseconds. */
  chunks(to: Instruments, { receipt, request }: StartedCall, context: Context): (at: number) => void {
    const attributes = this.#attributes.ofCall(receipt, request, {})
    const names = this.#durationsOf(request, 'time_per_output_chunk')
    const histograms = guarded(() => names.map((name) => to.histogram(name))) ?? []
    let previous: number | undefined
    return (at) => {
      if (previous !== undefined) {
        const seconds = Math.max(0, at - previous) / 1000
        for (const histogram of histograms) guarded(() => histogram.record(seconds, attributes, context))
      }
      previous = at
    }
  }

  waited(to: Instruments, { reason, ms }: Wait, context: Context): void {
    const attributes = this.#attributes.of({ 'harbor.wait.reason': waitReason(reason) })
    guarded(() => to.histogram('harbor.wait.duration').record(ms / 1000, attributes, context))
  }

  breakerChanged(to: Instruments, target: string, state: string): void {
    const attributes = this.#attributes.of({
      'harbor.target': this.#attributes.target(target),
      'harbor.breaker.state': state.replaceAll('-', '_'),
    })
    guarded(() => to.counter('harbor.breaker.transitions').add(1, attributes))
  }

  ended(to: Instruments, call: EndedCall): void {
    const { receipt, request, isOfCaller, isCounted, context } = call
    const errorType = callErrorType(receipt)
    if (isOfCaller) {
      const facts = { 'error.type': errorType, 'harbor.outcome': receipt.outcome }
      const attributes = this.#attributes.ofCall(receipt, request, facts)
      guarded(() => to.counter('harbor.calls').add(1, attributes, context))
      if (receipt.cache) {
        const ofCache = this.#attributes.of({ 'harbor.cache.status': receipt.cache.status })
        guarded(() => to.counter('harbor.cache.requests').add(1, ofCache, context))
      }
    }
    if (!isCounted) return
    guarded(() => this.#addDurations(to, call, errorType))
    guarded(() => this.#addFallbacks(to, receipt))
    this.#tokens.ended(to, call)
    guarded(() => this.#addCost(to, call))
  }

  #addDurations(
    to: Instruments,
    { receipt, request, context }: EndedCall,
    errorType: string | undefined,
  ): void {
    const attributes = this.#attributes.ofCall(receipt, request, { 'error.type': errorType })
    const record = (ms: number | undefined, what: DurationKind): void => {
      if (ms === undefined) return
      for (const name of this.#durationsOf(request, what))
        to.histogram(name).record(ms / 1000, attributes, context)
    }
    record(receipt.durationMs, 'duration')
    if (request.streaming) record(receipt.firstContentMs, 'time_to_first_chunk')
  }

  /** Returns the names of a metric of durations: of the conventions for inference, of those before, or both. */
  #durationsOf({ operation }: CallRequest, what: DurationKind): readonly DurationName[] {
    if (!isInference(operation)) return NAMES[what].operation
    return this.#semconv === 'both'
      ? NAMES[what].both
      : NAMES[what][this.#semconv === '1.41' ? 'operation' : 'inference']
  }

  #addCost(to: Instruments, { receipt, request, context }: EndedCall): void {
    const { cost, target } = receipt
    if (!cost || !(cost.usd >= 0)) return
    const facts = { 'harbor.target': this.#attributes.target(target), 'harbor.cost.source': cost.usage }
    to.counter('harbor.cost').add(cost.usd, this.#attributes.ofCall(receipt, request, facts), context)
  }

  #addFallbacks(to: Instruments, { attempts, skipped }: CallReceipt): void {
    for (const [place, { reason, target }] of attempts.entries()) {
      if (reason !== 'fallback') continue
      const from = attempts[place - 1]?.target ?? skipped?.[0]?.target
      const attributes = this.#attributes.of({
        'harbor.fallback.from': this.#attributes.target(from),
        'harbor.fallback.to': this.#attributes.target(target),
      })
      to.counter('harbor.fallbacks').add(1, attributes)
    }
  }
}

type DurationKind = 'duration' | 'time_to_first_chunk' | 'time_per_output_chunk'
type DurationName = `gen_ai.client.${'inference' | 'operation'}.${DurationKind}`

const NAMES = {
  duration: namesOf('duration'),
  time_to_first_chunk: namesOf('time_to_first_chunk'),
  time_per_output_chunk: namesOf('time_per_output_chunk'),
}

function namesOf(
  what: DurationKind,
): Readonly<Record<'inference' | 'operation' | 'both', readonly DurationName[]>> {
  const inference = [`gen_ai.client.inference.${what}`] as const
  const operation = [`gen_ai.client.operation.${what}`] as const
  return { inference, operation, both: [...inference, ...operation] }
}
