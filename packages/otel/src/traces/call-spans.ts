import {
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api'
import { attemptErrorType } from '../facts/error-type.ts'
import { bounded, operationName, waitReason } from '../facts/names.ts'
import { guarded } from '../guarded.ts'
import type { CallReceipt, StartedCall } from '../observed.ts'
import type { Attempt, Wait } from '../observed-attempt.ts'
import type { Settings } from '../options.ts'
import { attemptEnd, attemptStart, startAttributes } from './attributes.ts'
import { insideCall, isInsideCall, propagationHeaders } from './headers.ts'

type Send<T> = (headers?: Readonly<Record<string, string>>) => Promise<T>

/** A wait that is shorter has no span, in milliseconds. */
const MIN_WAIT_MS = 1

interface AttemptSpan {
  readonly attempt: Attempt
  span: Span | undefined
  isOver: boolean
}

/** The spans of one call: of the whole call, of its attempts and of its waits. */
export class CallSpans {
  readonly id: string
  /** The context of the whole call. */
  readonly context: Context
  readonly span: Span | undefined
  /** Whether the call is made below a call of another client of Harbor, which counts its tokens. */
  readonly isNested: boolean
  readonly kind: SpanKind
  readonly #tracer: Tracer
  readonly #settings: Settings
  readonly #started: StartedCall
  readonly #attributes: Attributes
  readonly #attempts: AttemptSpan[] = []

  /** @param parent the call that began this one, if this one is upstream of it */
  constructor(tracer: Tracer, settings: Settings, started: StartedCall, parent: CallSpans | undefined) {
    this.#tracer = tracer
    this.#settings = settings
    this.#started = started
    const { receipt, request } = started
    this.id = receipt.id
    const outer = parent?.context ?? guarded(() => context.active()) ?? ROOT_CONTEXT
    this.isNested = parent ? parent.isNested : isInsideCall(outer)
    // An upstream call has the tokens of the call that began it, and so its kind.
    this.kind = parent ? parent.kind : kindOf(settings.logicalSpan, outer, this.isNested)
    this.#attributes = startAttributes(request)
    this.span = settings.logicalSpan === 'none' ? undefined : this.#startCall(outer)
    const inside = this.span ? trace.setSpan(outer, this.span) : outer
    this.context = insideCall(inside, {
      propagates: settings.propagate,
      traceId: trace.getSpanContext(inside)?.traceId,
      callerSpanId: trace.getSpanContext(outer)?.spanId,
    })
  }

  /** Whether anything of the call is recorded or propagated as a trace. */
  get isTraced(): boolean {
    const { span } = this
    return span
      ? span.isRecording() || isSpanContextValid(span.spanContext())
      : this.#settings.logicalSpan === 'none'
  }

  #startCall(outer: Context): Span | undefined {
    const { receipt, request } = this.#started
    const labels = Object.entries(receipt.labels ?? {})
    const attributes =
      labels.length === 0
        ? this.#attributes
        : {
            ...this.#attributes,
            ...Object.fromEntries(labels.map(([name, value]) => [`harbor.label.${name}`, value])),
          }
    const name = spanName(request.operation, request.model)
    const { kind } = this
    return guarded(() =>
      this.#tracer.startSpan(name, { kind, startTime: receipt.startedAt, attributes }, outer),
    )
  }

  /** Sends the request of an attempt in the context of its span, or of the call. */
  attempt<T>(attempt: Attempt, send: Send<T>): Promise<T> {
    const { attemptSpans, propagate } = this.#settings
    const entry: AttemptSpan = { attempt, span: undefined, isOver: false }
    this.#attempts.push(entry)
    const [first] = this.#attempts
    if (attemptSpans === 'always' || this.#attempts.length > 1) {
      // The first attempt turns out to have a successor, so it gets its span now.
      if (first && first !== entry && !first.span) this.#startAttempt(first, 1)
      this.#startAttempt(entry, this.#attempts.length)
    }
    const inside = entry.span ? trace.setSpan(this.context, entry.span) : this.context
    const headers = propagate ? propagationHeaders(inside) : undefined
    let sent: Promise<T> | undefined
    guarded(() =>
      context.with(inside, () => {
        sent = send(headers)
      }),
    )
    return sent ?? send(headers)
  }

  attemptEnded(attempt: Attempt): void {
    const entry = this.#attempts.find((each) => each.attempt === attempt)
    if (!entry) return
    entry.isOver = true
    if (entry.span) endAttempt(entry.span, attempt)
  }

  waited({ reason, startedAt, ms }: Wait): void {
    if (ms < MIN_WAIT_MS) return
    const attributes = { 'harbor.wait.reason': waitReason(reason), 'harbor.wait_ms': ms }
    guarded(() =>
      this.#tracer
        .startSpan('harbor.wait', { kind: SpanKind.INTERNAL, startTime: startedAt, attributes }, this.context)
        .end(startedAt + ms),
    )
  }

  /** Ends all spans of the call. @param attributes returns those of the call; it is called only if they are recorded */
  end(receipt: CallReceipt, attributes: () => Attributes): void {
    const { span } = this
    const endedAt = endOf(receipt)
    for (const { span: open, attempt } of this.#attempts) if (open?.isRecording()) endAttempt(open, attempt)
    if (!span) return
    guarded(() => {
      if (!span.isRecording()) return
      span.setAttributes(attributes())
      if (receipt.outcome === 'failure') span.setStatus(FAILED)
    })
    guarded(() => span.end(endedAt))
  }

  #startAttempt(entry: AttemptSpan, number: number): void {
    const { attempt } = entry
    const attributes = attemptStart(this.#attributes, attempt, number)
    const model = attributes['gen_ai.request.model']
    const name = spanName(this.#started.request.operation, typeof model === 'string' ? model : undefined)
    const options = { kind: SpanKind.CLIENT, startTime: attempt.startedAt, attributes }
    entry.span = guarded(() => this.#tracer.startSpan(name, options, this.context))
    if (entry.span && entry.isOver) endAttempt(entry.span, attempt)
  }
}

function endAttempt(span: Span, attempt: Attempt): void {
  guarded(() => {
    span.setAttributes(attemptEnd(attempt))
    const errorType = attemptErrorType(attempt)
    if (errorType !== undefined && errorType !== 'aborted') span.setStatus(FAILED)
  })
  guarded(() => span.end(attempt.startedAt + Math.max(0, attempt.durationMs ?? 0)))
}

/** Returns the end of a call, in milliseconds since the epoch. */
function endOf({ startedAt, endedAt, durationMs }: CallReceipt): number {
  return Math.max(startedAt, endedAt ?? startedAt + (durationMs ?? 0))
}

function spanName(operation: string, model: string | undefined): string {
  const name = operationName(operation)
  return model === undefined ? name : `${name} ${bounded(model)}`
}

const FAILED = { code: SpanStatusCode.ERROR }

/** Returns the kind of the span of a call: INTERNAL if another span is that of the same operation. */
function kindOf(logicalSpan: Settings['logicalSpan'], outer: Context, isNested: boolean): SpanKind {
  if (logicalSpan !== 'auto') return logicalSpan === 'internal' ? SpanKind.INTERNAL : SpanKind.CLIENT
  // The interface of spans has no attributes, but the spans of the SDK have.
  const span = trace.getSpan(outer) as { readonly attributes?: Readonly<Record<string, unknown>> } | undefined
  const isGenAI = span?.attributes?.['gen_ai.operation.name'] !== undefined
  return isNested || isGenAI ? SpanKind.INTERNAL : SpanKind.CLIENT
}
