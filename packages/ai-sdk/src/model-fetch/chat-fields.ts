import type { JSONObject } from '@ai-sdk/provider'
import type { Dropped } from './dropped.ts'
import { cleanName, isRecord } from '../json.ts'
import { invalid, unsupported, type RequestError } from './request-error.ts'

/** The fields that are converted. */
const CONVERTED: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'temperature',
  'top_p',
  'seed',
  'presence_penalty',
  'frequency_penalty',
  'max_tokens',
  'max_completion_tokens',
  'stop',
  'reasoning_effort',
  'response_format',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'functions',
  'function_call',
])

/** The fields that only tune an answer, its speed or price, or describe its caller. They are left out, and reported. */
const DROPPED: ReadonlySet<string> = new Set([
  'logit_bias',
  'metadata',
  'prediction',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
  'service_tier',
  'user',
  'verbosity',
])

/** The values that mean the same as a missing field, although the field has no equivalent. */
const WITHOUT_EFFECT: Readonly<Record<string, (value: unknown) => boolean>> = {
  n: (value) => value === 1,
  logprobs: (value) => value === false,
  top_logprobs: (value) => value === 0,
  modalities: (value) => Array.isArray(value) && value.length === 1 && value[0] === 'text',
  store: (value) => value === false,
  service_tier: (value) => value === 'auto' || value === 'default',
  verbosity: (value) => value === 'medium',
  logit_bias: isEmpty,
  metadata: isEmpty,
}

function isEmpty(value: unknown): boolean {
  return isRecord(value) && Object.keys(value).length === 0
}

/**
 * Checks the fields of a chat request. A field without a value does not count.
 * @param dropped collects the fields that are left out
 * @throws RequestError for a field that is not converted and may change the meaning of the answer; an unknown field may
 */
export function checkFields(body: JSONObject, dropped: Dropped): void {
  for (const [name, value] of Object.entries(body)) {
    if (value == null || CONVERTED.has(name)) continue
    if (Object.hasOwn(WITHOUT_EFFECT, name) && WITHOUT_EFFECT[name]?.(value)) continue
    if (DROPPED.has(name)) dropped.add(name)
    else if (name === 'n') throw manyChoices(value)
    else throw unsupported(cleanName(name))
  }
}

function manyChoices(n: unknown): RequestError {
  return typeof n === 'number' && Number.isInteger(n) && n > 1
    ? unsupported('n > 1')
    : invalid('n must be a whole number of at least 1.')
}
