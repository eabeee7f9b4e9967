import { trace, type SpanContext } from '@opentelemetry/api'
import { guarded } from './guarded.ts'
import { CallMetrics } from './metrics/call-metrics.ts'
import { ClientGauges } from './metrics/client-gauges.ts'
import type { Instruments } from './metrics/instruments.ts'
import { CurrentMeter, type Scope } from './metrics/meter.ts'
import type { CallReceipt, StartedCall } from './observed.ts'
import type { Attempt, Wait } from './observed-attempt.ts'
import { settingsOf, type OpenTelemetryOptions, type Settings } from './options.ts'
import { callEnd } from './traces/attributes.ts'
import { CallSpans } from './traces/call-spans.ts'
import { Families } from './traces/families.ts'
import { watchRequests } from './traces/headers.ts'

type Send<T> = (headers?: Readonly<Record<string, string>>) => Promise<T>

/** Records the calls of Harbor clients. Pass it to their option `telemetry`. */
export interface OpenTelemetryObserver {
  /**
   * Called by Harbor when a call begins. @returns undefined if nothing of the call would be recorded, such as without a registered SDK of
   * OpenTelemetry
   */
  start(call: StartedCall): OpenTelemetryObservation | undefined
}

/** Receives the events of one call from Harbor. */
export interface OpenTelemetryObservation {
  /** Wraps the sending of one request, until its headers arrive. @returns what `send` returned */
  attempt<T>(attempt: Attempt, send: Send<T>): Promise<T>
  /**
   * Called once for each attempt that is answered by a stream.
   * @returns a function to call with the time of each content, in milliseconds since the epoch; undefined if no metric needs it
   */
  chunks(attempt: Attempt): ((at: number) => void) | undefined
  /** Called once for each attempt when it has ended; for a stream, at the end of its body. */
  attemptEnded(attempt: Attempt): void
  /** Called after a wait, before the attempt that follows. */
  waited(wait: Wait): void
  /** Called when Harbor makes an upstream call for this call, or when an upstream call has answered it. */
  servedBy(upstream: CallReceipt): void
  /** Called once when the call is over; for a stream, when the stream has ended. */
  end(receipt: CallReceipt): void
}

/** The version of the package, which the build puts here. Not defined when the sources run without a build. */
declare const HARBOR_OTEL_VERSION: string | undefined

/** The instrumentation in spans and metrics. */
const SCOPE: Scope = {
  name: '@harbor/otel',
  version: typeof HARBOR_OTEL_VERSION === 'string' ? HARBOR_OTEL_VERSION : undefined,
}

/**
 * Makes an observer that records the calls of clients as OpenTelemetry traces and metrics. Several clients can share it.
 *
 *     const harbor = new Harbor({ telemetry: openTelemetry() })
 *
 * Errors of OpenTelemetry never change a call. No prompt, answer or key is recorded.
 *
 * @throws TypeError for an unknown option or an invalid value
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): OpenTelemetryObserver {
  const settings = settingsOf(options)
  const { tracerProvider, meterProvider } = settings
  const tracer =
    guarded(() => tracerProvider?.getTracer(SCOPE.name, SCOPE.version)) ??
    trace.getTracer(SCOPE.name, SCOPE.version)
  const metrics = new CallMetrics(settings)
  const meter = new CurrentMeter(meterProvider, SCOPE, (instruments) => gauges.createOn(instruments.meter))
  const gauges = new ClientGauges((target, state) => {
    const { instruments } = meter
    if (instruments) metrics.breakerChanged(instruments, target, state)
  })
  const shared: Shared = { settings, metrics, families: new Families() }
  watchRequests()
  return {
    start(started) {
      const { receipt, role, client } = started
      const { instruments } = meter
      if (instruments && client) gauges.watch(client)
      const parent = role === 'upstream' ? shared.families.parentOf(receipt.id) : undefined
      const spans = new CallSpans(tracer, settings, started, parent)
      return spans.isTraced || instruments ? new Observation(shared, started, spans, instruments) : undefined
    },
  }
}

/** What the observations of one observer share. */
interface Shared {
  readonly settings: Settings
  readonly metrics: CallMetrics
  readonly families: Families
}

class Observation implements OpenTelemetryObservation {
  readonly #shared: Shared
  readonly #started: StartedCall
  readonly #spans: CallSpans
  readonly #instruments: Instruments | undefined
  readonly #attempts: Attempt[] = []
  #waitMs = 0
  #isServed = false
  #link: SpanContext | undefined

  constructor(shared: Shared, started: StartedCall, spans: CallSpans, instruments: Instruments | undefined) {
    this.#shared = shared
    this.#started = started
    this.#spans = spans
    this.#instruments = instruments
    shared.families.begin(spans)
    if (started.role === 'upstream' && spans.span)
      shared.families.serve(started.receipt, spans.span.spanContext())
  }

  attempt<T>(attempt: Attempt, send: Send<T>): Promise<T> {
    this.#attempts.push(attempt)
    if (this.#instruments) this.#shared.metrics.attemptStarted(this.#instruments, attempt)
    return this.#spans.attempt(attempt, send)
  }

  chunks(): ((at: number) => void) | undefined {
    const { context, isNested } = this.#spans
    if (!this.#instruments || isNested) return undefined
    return this.#shared.metrics.chunks(this.#instruments, this.#started, context)
  }

  attemptEnded(attempt: Attempt): void {
    this.#spans.attemptEnded(attempt)
    if (this.#instruments) this.#shared.metrics.attemptEnded(this.#instruments, attempt, this.#spans.context)
  }

  waited(wait: Wait): void {
    this.#waitMs += wait.ms
    this.#spans.waited(wait)
    if (this.#instruments) this.#shared.metrics.waited(this.#instruments, wait, this.#spans.context)
  }

  servedBy(upstream: CallReceipt): void {
    this.#isServed = true
    const { span, id } = this.#spans
    const served = this.#shared.families.spanOf(upstream)
    // The upstream call that this call has begun is its child.
    if (upstream.id === id || !served || served === this.#link) return
    this.#link = served
    guarded(() => span?.addLink({ context: served }))
  }

  end(receipt: CallReceipt): void {
    const { families, metrics, settings } = this.#shared
    const { request, role, deadlineAt, leftUsd } = this.#started
    families.end(this.#spans)
    const isCounted = this.#isCounted(receipt)
    this.#spans.end(receipt, () =>
      callEnd(receipt, {
        request,
        isCounted,
        role: this.#role(receipt),
        attempts: this.#attempts,
        waitMs: this.#waitMs,
        deadlineAt,
        leftUsd: guarded(() => leftUsd?.()),
        semconv: settings.semconv,
      }),
    )
    if (!this.#instruments) return
    const { context, isNested } = this.#spans
    const isOfCaller = role === 'call' && !isNested
    metrics.ended(this.#instruments, { receipt, request, isOfCaller, isCounted, context })
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
