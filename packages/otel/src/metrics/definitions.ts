/** A metric, as it is created and documented. */
export interface Definition {
  readonly kind: 'counter' | 'histogram' | 'up-down counter' | 'gauge' | 'observed up-down counter'
  readonly unit: string
  readonly description: string
  /** The names of its attributes; those of a call are `GEN_AI_ATTRIBUTES` and `error.type`. */
  readonly attributes: readonly string[]
}

/** The attributes of metrics of whole calls, beside those of `metricLabels`. */
const GEN_AI_ATTRIBUTES = ['gen_ai.operation.name', 'gen_ai.provider.name', 'gen_ai.request.model']
const OF_CALL = [...GEN_AI_ATTRIBUTES, 'error.type']
const TARGET = 'harbor.target'

const duration = (description: string): Definition & { readonly kind: 'histogram' } => ({
  kind: 'histogram',
  unit: 's',
  description,
  attributes: OF_CALL,
})
/** The chunks of streams are recorded before it is known how the call ends. */
const chunkDuration = {
  kind: 'histogram',
  unit: 's',
  description:
    'Time from one content of a stream to the next, as they arrive; recorded for each but the first.',
  attributes: GEN_AI_ATTRIBUTES,
} as const
const tokens = (description: string): Definition & { readonly kind: 'counter' } => ({
  kind: 'counter',
  unit: '{token}',
  description,
  attributes: GEN_AI_ATTRIBUTES,
})

/** All metrics, by name. */
export const METRICS = {
  'gen_ai.client.operation.duration': duration(
    'Duration of a whole call, with its retries, waits and stream.',
  ),
  'gen_ai.client.inference.duration': duration(
    'Duration of a whole call that generates an answer, with its retries, waits and stream.',
  ),
  'gen_ai.client.operation.time_to_first_chunk': duration(
    'Time from the start of a call to the first content of its stream.',
  ),
  'gen_ai.client.inference.time_to_first_chunk': duration(
    'Time from the start of a call to the first content of its stream.',
  ),
  'gen_ai.client.operation.time_per_output_chunk': chunkDuration,
  'gen_ai.client.inference.time_per_output_chunk': chunkDuration,
  'gen_ai.client.token.usage': {
    kind: 'histogram',
    unit: '{token}',
    description: 'Tokens of a call.',
    attributes: [...GEN_AI_ATTRIBUTES, 'gen_ai.token.type'],
  },
  'gen_ai.client.inference.usage.input_tokens': tokens('Input tokens, cached ones included.'),
  'gen_ai.client.inference.usage.output_tokens': tokens('Output tokens, reasoning included.'),
  'gen_ai.client.inference.usage.cache_read.input_tokens': tokens(
    'Input tokens read from the prompt cache of the provider.',
  ),
  'gen_ai.client.inference.usage.cache_write.input_tokens': tokens(
    'Input tokens written to the prompt cache of the provider.',
  ),
  'gen_ai.client.inference.usage.reasoning.output_tokens': tokens('Output tokens of reasoning.'),
  'harbor.calls': {
    kind: 'counter',
    unit: '{call}',
    description: 'Calls of callers, also those that the cache answered.',
    attributes: [...OF_CALL, 'harbor.outcome'],
  },
  'harbor.attempts': {
    kind: 'counter',
    unit: '{attempt}',
    description: 'Requests to providers.',
    attributes: [TARGET, 'harbor.attempt.reason', 'harbor.attempt.outcome', 'error.type'],
  },
  'harbor.wait.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'Waits of calls.',
    attributes: ['harbor.wait.reason'],
  },
  'harbor.fallbacks': {
    kind: 'counter',
    unit: '{fallback}',
    description: 'Targets that took over.',
    attributes: ['harbor.fallback.from', 'harbor.fallback.to'],
  },
  'harbor.hedges': {
    kind: 'counter',
    unit: '{hedge}',
    description: 'Second requests beside a slow one: `won`, `lost` or `failed`.',
    attributes: ['harbor.hedge.outcome'],
  },
  'harbor.cache.requests': {
    kind: 'counter',
    unit: '{call}',
    description: 'Calls that reached the cache, by its status.',
    attributes: ['harbor.cache.status'],
  },
  'harbor.cost': {
    kind: 'counter',
    unit: '{USD}',
    description: 'Cost of answers.',
    attributes: [...GEN_AI_ATTRIBUTES, TARGET, 'harbor.cost.source'],
  },
  'harbor.cost.saved': {
    kind: 'observed up-down counter',
    unit: '{USD}',
    description: 'Cost saved by `fallback`, `cache` or `batch`. Falls when a fallback is more expensive.',
    attributes: ['harbor.saved_by'],
  },
  'harbor.tokens.wasted': {
    kind: 'counter',
    unit: '{token}',
    description:
      'Tokens that are billed, or may be, without an answer for the caller: of calls that failed or were aborted, as reported or estimated, and the most that unanswered requests can have used.',
    attributes: [...GEN_AI_ATTRIBUTES, 'harbor.tokens.source'],
  },
  'harbor.stream.incomplete': {
    kind: 'counter',
    unit: '{stream}',
    description: 'Streams that broke after their headers had arrived.',
    attributes: [TARGET],
  },
  'harbor.in_flight': {
    kind: 'up-down counter',
    unit: '{request}',
    description: 'Requests in flight; of a stream, until its end.',
    attributes: [TARGET],
  },
  'harbor.queue.length': {
    kind: 'gauge',
    unit: '{call}',
    description: 'Calls that wait for the limits of a quota group.',
    attributes: ['harbor.quota_group'],
  },
  'harbor.limit.remaining': {
    kind: 'gauge',
    unit: '{limit}',
    description: 'What is left of a rate limit now: requests or tokens.',
    attributes: ['harbor.quota_group', 'harbor.limit.dimension'],
  },
  'harbor.breaker.state': {
    kind: 'gauge',
    unit: '{state}',
    description: 'State of a circuit: 0 closed, 1 half-open, 2 open or isolated.',
    attributes: [TARGET],
  },
  'harbor.breaker.transitions': {
    kind: 'counter',
    unit: '{transition}',
    description: 'Changes of the state of a circuit, by its new state.',
    attributes: [TARGET, 'harbor.breaker.state'],
  },
} as const satisfies Readonly<Record<string, Definition>>

export type MetricName = keyof typeof METRICS
