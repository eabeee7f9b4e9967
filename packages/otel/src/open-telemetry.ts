import { trace, type SpanContext } from '@opentelemetry/api'
import { guarded } from './guarded.ts'
import type { Attempt, CallReceipt, StartedCall, Wait } from './observed.ts'
import { settingsOf, type OpenTelemetryOptions, type Settings } from './options.ts'
import { callEnd } from './traces/attributes.ts'
import { CallSpans } from './traces/call-spans.ts'
import { Families } from './traces/families.ts'
import { watchRequests } from './traces/headers.ts'

type Send<T> = (headers?: Readonly<Record<string, string>>) => Promise<T>

/** Watches the calls of Harbor clients: the value of the option `telemetry`. */
export interface OpenTelemetryObserver {
  start(call: StartedCall): OpenTelemetryObservation | undefined
}

/** Harbor reports to it what happens to one call. */
export interface OpenTelemetryObservation {
  attempt<T>(attempt: Attempt, send: Send<T>): Promise<T>
  attemptEnded(attempt: Attempt): void
  waited(wait: Wait): void
  servedBy(upstream: CallReceipt): void
  end(receipt: CallReceipt): void
}

/** The name of the instrumentation in spans and metrics. */
const SCOPE = '@harbor/otel'

/**
 * Makes an observer that records the calls of a client as OpenTelemetry traces and metrics. One observer can be used by several clients.
 *
 *     const harbor = new Harbor({ telemetry: openTelemetry() })
 *
 * Nothing that OpenTelemetry throws changes a call. No prompt, answer or key is recorded.
 *
 * @throws TypeError for an unknown option or an invalid value
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): OpenTelemetryObserver {
  const settings = settingsOf(options)
  const families = new Families()
  watchRequests()
  const { tracerProvider } = settings
  const tracer = guarded(() => (tracerProvider ?? trace).getTracer(SCOPE)) ?? trace.getTracer(SCOPE)
  return {
    start(started) {
      const parent = started.role === 'upstream' ? families.parentOf(started.receipt.id) : undefined
      const spans = new CallSpans(tracer, settings, started, parent)
      return spans.isTraced ? new Observation(started, spans, families, settings) : undefined
    },
  }
}

class Observation implements OpenTelemetryObservation {
  readonly #started: StartedCall
  readonly #spans: CallSpans
  readonly #families: Families
  readonly #settings: Settings
  readonly #attempts: Attempt[] = []
  #waitMs = 0
  #isServed = false
  #link: SpanContext | undefined

  constructor(started: StartedCall, spans: CallSpans, families: Families, settings: Settings) {
    this.#started = started
    this.#spans = spans
    this.#families = families
    this.#settings = settings
    families.begin(spans)
    if (started.role === 'upstream' && spans.span) families.serve(started.receipt, spans.span.spanContext())
  }

  attempt<T>(attempt: Attempt, send: Send<T>): Promise<T> {
    this.#attempts.push(attempt)
    return this.#spans.attempt(attempt, send)
  }

  attemptEnded(attempt: Attempt): void {
    this.#spans.attemptEnded(attempt)
  }

  waited(wait: Wait): void {
    this.#waitMs += wait.ms
    this.#spans.waited(wait)
  }

  servedBy(upstream: CallReceipt): void {
    this.#isServed = true
    const { span, id } = this.#spans
    const served = this.#families.spanOf(upstream)
    // The upstream call that this call has begun is its child.
    if (upstream.id === id || !served || served === this.#link) return
    this.#link = served
    guarded(() => span?.addLink({ context: served }))
  }

  end(receipt: CallReceipt): void {
    this.#families.end(this.#spans)
    const { request, deadlineAt } = this.#started
    this.#spans.end(receipt, () =>
      callEnd(receipt, {
        request,
        isCounted: this.#isCounted(receipt),
        role: this.#role(receipt),
        attempts: this.#attempts,
        waitMs: this.#waitMs,
        deadlineAt,
        semconv: this.#settings.semconv,
      }),
    )
  }

  /** Whether tokens and cost of the call are counted here: not if an upstream call has them, or the cache. */
  #isCounted({ cache }: CallReceipt): boolean {
    if (this.#spans.isNested) return false
    if (this.#attempts.length > 0) return true
    return !this.#isServed && !(cache && FROM_CACHE.has(cache.status))
  }

  #role({ cache }: CallReceipt): 'leader' | 'follower' | undefined {
    if (this.#started.role === 'upstream' || !cache) return undefined
    if (cache.status === 'shared') return 'follower'
    return this.#isServed ? 'leader' : undefined
  }
}

const FROM_CACHE = new Set(['hit', 'stale', 'shared'])
