import type { MeterProvider, TracerProvider } from '@opentelemetry/api'
import { anObject, checkOptions, checksOf, having, type Check } from '@harbor/parts'

/** The options of `openTelemetry()`. */
export interface OpenTelemetryOptions {
  /** Creates the spans. @default the global tracer provider, also if it is registered later */
  tracerProvider?: TracerProvider | undefined
  /** Creates the metrics. @default the global meter provider, also if it is registered later */
  meterProvider?: MeterProvider | undefined
  /**
   * When attempts have spans. `when-retried`: only in calls with at least two attempts. The first attempt is then sent in the context of the
   * call's span, and its own span is created when the second attempt begins, with the true times. `always`: each attempt is sent in the
   * context of its own span. @default 'when-retried'
   */
  attemptSpans?: 'when-retried' | 'always' | undefined
  /**
   * The kind of the span of a whole call. `client`: CLIENT. `internal`: INTERNAL. `none`: no such span; the spans of attempts and waits are
   * then children of the active span. `auto`: INTERNAL if the active span has the attribute `gen_ai.operation.name`, such as a span of the
   * AI SDK, and CLIENT otherwise. Backends that add up tokens of CLIENT spans then count each call once. @default 'auto'
   */
  logicalSpan?: 'auto' | 'client' | 'internal' | 'none' | undefined
  /**
   * Which version of OpenTelemetry's semantic conventions for GenAI gives the metrics their names. `1.41`: the last version in which they were part
   * of the general conventions. `latest`: the newest version of the separate GenAI conventions. `both`: durations are recorded under both names,
   * tokens under the latest. @default 'latest' if the environment variable `OTEL_SEMCONV_STABILITY_OPT_IN` lists `gen_ai_latest_experimental`,
   * otherwise 'both'
   */
  semconv?: '1.41' | 'latest' | 'both' | undefined
  /**
   * Whether the headers of the global propagator, such as `traceparent`, are sent to providers. If false, Harbor also prevents
   * `@opentelemetry/instrumentation-undici` from adding them. @default false
   */
  propagate?: boolean | undefined
  /**
   * The names of the labels of calls that become attributes of metrics, as `harbor.label.<name>`; at most 10. Of each label, at most 100 values are
   * counted separately, and all others as `other`. @default none; spans have all labels
   */
  metricLabels?: readonly string[] | undefined
}

/** The options with their defaults. */
export interface Settings {
  readonly tracerProvider: TracerProvider | undefined
  readonly meterProvider: MeterProvider | undefined
  readonly attemptSpans: 'when-retried' | 'always'
  readonly logicalSpan: 'auto' | 'client' | 'internal' | 'none'
  readonly semconv: '1.41' | 'latest' | 'both'
  readonly propagate: boolean
  readonly metricLabels: readonly string[]
}

/** @throws TypeError for an unknown option or an invalid value */
export function settingsOf(options: OpenTelemetryOptions): Settings {
  checkOptions(options, CHECKS, {})
  return {
    tracerProvider: options.tracerProvider,
    meterProvider: options.meterProvider,
    attemptSpans: options.attemptSpans ?? 'when-retried',
    logicalSpan: options.logicalSpan ?? 'auto',
    semconv: options.semconv ?? semconvOfEnvironment(),
    propagate: options.propagate ?? false,
    metricLabels: [...new Set(options.metricLabels ?? [])],
  }
}

/** Reads the variable by which OpenTelemetry lets users choose a version of its conventions. */
function semconvOfEnvironment(): Settings['semconv'] {
  const list = (process.env['OTEL_SEMCONV_STABILITY_OPT_IN'] ?? '').split(',').map((name) => name.trim())
  if (list.includes('gen_ai_latest_experimental/dup')) return 'both'
  return list.includes('gen_ai_latest_experimental') ? 'latest' : 'both'
}

/** The maximum number of labels that become attributes of metrics. */
const MAX_METRIC_LABELS = 10

const oneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    values.includes(value as string) || `one of ${values.map((each) => `'${each}'`).join(', ')}`

const labelNames: Check = (value) =>
  (Array.isArray(value) &&
    value.length <= MAX_METRIC_LABELS &&
    value.every((name) => typeof name === 'string' && name !== '')) ||
  `a list of at most ${MAX_METRIC_LABELS} names of labels`

const CHECKS = /* @__PURE__ */ checksOf({
  tracerProvider: (value) =>
    (anObject(value) === true && having('a TracerProvider', 'getTracer')(value)) || 'a TracerProvider',
  meterProvider: (value) =>
    (anObject(value) === true && having('a MeterProvider', 'getMeter')(value)) || 'a MeterProvider',
  attemptSpans: oneOf('when-retried', 'always'),
  logicalSpan: oneOf('auto', 'client', 'internal', 'none'),
  semconv: oneOf('1.41', 'latest', 'both'),
  propagate: (value) => typeof value === 'boolean' || 'true or false',
  metricLabels: labelNames,
})
