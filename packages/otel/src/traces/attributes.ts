import type { Attributes } from '@opentelemetry/api'
import { attemptErrorType, attemptOutcome, callErrorType } from '../facts/error-type.ts'
import { bounded, operationName, providerName, snakeCase, splitTarget } from '../facts/names.ts'
import type { CallReceipt, CallRequest, Usage } from '../observed.ts'
import type { Attempt } from '../observed-attempt.ts'

/** Returns the attributes that a span of a call has from its start, so that samplers see them. */
export function startAttributes({ operation, provider, model, streaming, url }: CallRequest): Attributes {
  const attributes: Attributes = {
    'gen_ai.operation.name': operationName(operation),
    'gen_ai.provider.name': providerName(provider),
  }
  if (model !== undefined) attributes['gen_ai.request.model'] = bounded(model)
  if (streaming) attributes['gen_ai.request.stream'] = true
  return { ...attributes, ...serverOf(url) }
}

/** Returns the attributes that the span of an attempt has from its start. Its target decides the provider and the model. */
export function attemptStart(ofCall: Attributes, attempt: Attempt, number: number): Attributes {
  const { provider, model } = splitTarget(attempt.target)
  const attributes: Attributes = { ...ofCall, 'gen_ai.provider.name': providerName(provider) }
  if (model !== undefined) attributes['gen_ai.request.model'] = bounded(model)
  if (attempt.origin !== undefined) Object.assign(attributes, serverOf(attempt.origin))
  else if (attributes['gen_ai.provider.name'] !== ofCall['gen_ai.provider.name']) {
    // The address of another provider is not known.
    delete attributes['server.address']
    delete attributes['server.port']
  }
  attributes['harbor.target'] = bounded(attempt.target)
  attributes['harbor.attempt.number'] = attempt.number ?? number
  if (number > 1) attributes['http.request.resend_count'] = number - 1
  if (attempt.reason !== undefined) attributes['harbor.attempt.reason'] = attempt.reason
  if (attempt.circuit !== undefined) attributes['harbor.breaker.state'] = snakeCase(attempt.circuit)
  return attributes
}

/** Returns the attributes that the span of an attempt gets at its end. */
export function attemptEnd(attempt: Attempt): Attributes {
  const { status, failure } = attempt
  const attributes: Attributes = { 'harbor.attempt.outcome': attemptOutcome(attempt) }
  if (status !== undefined) attributes['http.response.status_code'] = status
  if (!failure) return attributes
  if (failure.phase !== undefined) attributes['harbor.attempt.phase'] = snakeCase(failure.phase)
  if (failure.ambiguous) attributes['harbor.attempt.possibly_billed'] = true
  const errorType = attemptErrorType(attempt)
  if (errorType !== undefined) attributes['error.type'] = errorType
  return attributes
}

/** What the observation of a call knows beside the receipt. */
export interface CallFacts {
  readonly request: CallRequest
  /** Whether tokens and cost are counted at this call, and not at another one. */
  readonly isCounted: boolean
  readonly role: 'leader' | 'follower' | undefined
  /** The attempts that were observed at this call, and not at one that served it. */
  readonly attempts: readonly Attempt[]
  /** The time that the call waited, in milliseconds. */
  readonly waitMs: number
  readonly deadlineAt: number | undefined
  /** What is left of the spend limits, in US dollars. */
  readonly leftUsd: number | undefined
  readonly semconv: '1.41' | 'latest' | 'both'
}

/** Returns the attributes that the span of a call gets at its end. */
export function callEnd(receipt: CallReceipt, facts: CallFacts): Attributes {
  const { request, attempts, waitMs, deadlineAt } = facts
  const attributes: Attributes = { 'harbor.receipt.id': receipt.id }
  if (receipt.target !== undefined) attributes['harbor.target'] = bounded(receipt.target)
  attributes['harbor.attempts'] = attempts.length
  attributes['harbor.targets'] = new Set(attempts.map(({ target }) => target)).size
  attributes['harbor.fallback'] = attempts.some(({ reason }) => reason === 'fallback')
  attributes['harbor.hedged'] = attempts.some(({ reason }) => reason === 'hedge')
  attributes['harbor.degraded'] = receipt.degraded === true
  attributes['harbor.wait_ms'] = waitMs
  if (deadlineAt !== undefined && receipt.endedAt !== undefined)
    attributes['harbor.deadline.remaining_ms'] = Math.max(0, deadlineAt - receipt.endedAt)
  if (facts.leftUsd !== undefined) attributes['harbor.budget.remaining_usd'] = facts.leftUsd
  if (receipt.cache) {
    attributes['harbor.cache.status'] = receipt.cache.status
    attributes['harbor.cache.reason'] = cacheReason(receipt.cache.reason)
    attributes['harbor.cache.age_ms'] = receipt.cache.ageMs
  }
  if (facts.role) attributes['harbor.cache.role'] = facts.role
  if (receipt.responseId !== undefined) attributes['gen_ai.response.id'] = bounded(receipt.responseId)
  const reasons = finishReasons(receipt, request.streaming)
  if (reasons.length > 0) attributes['gen_ai.response.finish_reasons'] = reasons
  if (request.streaming && receipt.firstContentMs !== undefined)
    attributes['gen_ai.response.time_to_first_chunk'] = receipt.firstContentMs / 1000
  if (facts.isCounted) {
    if (receipt.usage) addUsage(attributes, receipt.usage, facts.semconv)
    if (receipt.cost) {
      attributes['harbor.cost.usd'] = receipt.cost.usd
      if (receipt.cost.usage !== undefined) attributes['harbor.cost.source'] = receipt.cost.usage
    }
  }
  if (facts.isCounted && receipt.possiblyBilledUsd)
    attributes['harbor.cost.possibly_billed_usd'] = receipt.possiblyBilledUsd
  if (receipt.savedUsd) attributes['harbor.cost.saved_usd'] = receipt.savedUsd
  const errorType = callErrorType(receipt)
  if (errorType !== undefined) attributes['error.type'] = errorType
  return attributes
}

function addUsage(attributes: Attributes, usage: Usage, semconv: CallFacts['semconv']): void {
  attributes['gen_ai.usage.input_tokens'] = usage.inputTokens
  attributes['gen_ai.usage.output_tokens'] = usage.outputTokens
  if (usage.cachedInputTokens > 0)
    attributes['gen_ai.usage.cache_read.input_tokens'] = usage.cachedInputTokens
  if (usage.cacheWriteInputTokens > 0)
    attributes[`gen_ai.usage.cache_${semconv === '1.41' ? 'creation' : 'write'}.input_tokens`] =
      usage.cacheWriteInputTokens
  if (usage.reasoningTokens > 0) attributes['gen_ai.usage.reasoning.output_tokens'] = usage.reasoningTokens
}

/** The maximum number of finish reasons on a span. */
const MAX_FINISH_REASONS = 16
const WORD = /^[\w.:-]{1,64}$/

/** Returns the finish reasons. A stream that broke has the reason `error`, if the provider reported none. */
function finishReasons(receipt: CallReceipt, streaming: boolean): string[] {
  const { finishReasons: reported = [], outcome, firstContentMs } = receipt
  if (reported.length === 0)
    return streaming && outcome === 'failure' && firstContentMs !== undefined ? ['error'] : []
  return reported.slice(0, MAX_FINISH_REASONS).map((reason) => (WORD.test(reason) ? reason : '_OTHER'))
}

/** Returns the reason in a record of the cache without the names that may follow it, as in `absent: x-tenant differs`. */
function cacheReason(reason: string): string {
  const [word = ''] = reason.split(':', 1)
  return WORD.test(word) ? word : '_OTHER'
}

/** The servers of the URLs seen last: reading a URL takes longer than the rest of the attributes. */
const servers = new Map<string, Attributes>()
const MAX_SERVERS = 100

/** Returns the attributes of the server of a URL. */
function serverOf(url: string): Attributes {
  const known = servers.get(url)
  if (known) return known
  if (servers.size >= MAX_SERVERS) servers.clear()
  const server = readServer(url)
  servers.set(url, server)
  return server
}

function readServer(url: string): Attributes {
  try {
    const { hostname, port, protocol } = new URL(url)
    return {
      'server.address': hostname,
      'server.port': port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port),
    }
  } catch {
    return {}
  }
}
