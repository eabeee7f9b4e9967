import type { Context } from '@opentelemetry/api'
import { attemptOutcome, callErrorType } from '../facts/error-type.ts'
import { isInference, waitReason } from '../facts/names.ts'
import { guarded } from '../guarded.ts'
import type { Attempt, CallReceipt, CallRequest, StartedCall, Usage, Wait } from '../observed.ts'
import type { Settings } from '../options.ts'
import type { Instruments } from './instruments.ts'
import { MetricAttributes } from './metric-attributes.ts'

/** A call that has ended. */
export interface EndedCall {
  readonly receipt: CallReceipt
  readonly request: CallRequest
  /** Whether it is the call of a caller, and neither an upstream call nor one below another client of Harbor. */
  readonly isOfCaller: boolean
  /** Whether duration, tokens and cost of the call are counted here, and not at another call. */
  readonly isCounted: boolean
  /** The context of its span, for exemplars. */
  readonly context: Context
}

/** Records the metrics of calls. */
export class CallMetrics {
  readonly #semconv: Settings['semconv']
  readonly #attributes: MetricAttributes

  constructor({ semconv, metricLabels }: Settings) {
    this.#semconv = semconv
    this.#attributes = new MetricAttributes(metricLabels)
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
    guarded(() => this.#addWaste(to, call))
    const { usage } = receipt
    if (usage) guarded(() => this.#addTokens(to, call, usage))
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

  /** Counts the tokens that are billed, or may be, and whose answer the caller did not get. */
  #addWaste(to: Instruments, { receipt, request, context }: EndedCall): void {
    const { outcome, usage, billedTokens, possiblyBilledTokens } = receipt
    const add = (source: string, tokens: number | undefined): void => {
      if (!(tokens !== undefined && tokens > 0 && tokens < Infinity)) return
      const attributes = this.#attributes.ofCall(receipt, request, { 'harbor.tokens.source': source })
      to.counter('harbor.tokens.wasted').add(tokens, attributes, context)
    }
    add('estimated', possiblyBilledTokens)
    if (outcome === 'success') return
    if (billedTokens) add(billedTokens.source, billedTokens.count)
    else if (usage) add('reported', usage.inputTokens + usage.outputTokens)
  }

  #addTokens(to: Instruments, { receipt, request, context }: EndedCall, usage: Usage): void {
    const attributes = this.#attributes.ofCall(receipt, request, {})
    const input = usage.inputTokens
    const output = usage.outputTokens
    if (this.#semconv === '1.41') {
      const histogram = to.histogram('gen_ai.client.token.usage')
      for (const [type, tokens] of [
        ['input', input],
        ['output', output],
      ] as const)
        histogram.record(
          tokens,
          this.#attributes.ofCall(receipt, request, { 'gen_ai.token.type': type }),
          context,
        )
      return
    }
    const add = (what: TokenKind, tokens: number): void => {
      if (tokens > 0)
        to.counter(`gen_ai.client.inference.usage.${what}_tokens`).add(tokens, attributes, context)
    }
    add('input', input)
    add('output', output)
    add('cache_read.input', usage.cachedInputTokens)
    add('cache_write.input', usage.cacheWriteInputTokens)
    add('reasoning.output', usage.reasoningTokens)
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

type TokenKind = 'input' | 'output' | 'cache_read.input' | 'cache_write.input' | 'reasoning.output'
