import type { JSONObject, LanguageModelV4CallOptions, SharedV4ProviderOptions } from '@ai-sdk/provider'
import { adaptPrompt } from '../prompt-marks/index.ts'
import { checkFields } from './chat-fields.ts'
import type { Dropped } from './dropped.ts'
import { numberIn, onlyKnown } from './fields.ts'
import { cleanName, isRecord } from '../json.ts'
import { isOlderFormat } from './older-format.ts'
import { promptOf } from './messages.ts'
import { invalid, unsupported } from './request-error.ts'
import { responseFormatOf } from './response-format.ts'
import type { TargetModel } from './target-model.ts'
import { chosenToolsOf } from './tools.ts'

/**
 * Converts a chat request to the options of a call of the AI SDK.
 * @param dropped collects what is left out
 * @throws RequestError when the request is invalid, or contains what cannot be expressed for the model and changes the meaning of its answer
 */
export function callOptionsOf(
  body: JSONObject,
  target: TargetModel,
  dropped: Dropped,
): LanguageModelV4CallOptions {
  checkFields(body, dropped)
  const { stop, reasoning_effort: effort } = body
  const reasoning = effort == null ? undefined : effortOf(effort)
  const format = body['response_format'] == null ? undefined : responseFormatOf(body['response_format'])
  const tools = chosenToolsOf(body)
  const providerOptions: SharedV4ProviderOptions = {
    ...(format?.strict !== undefined && target.strictSchema(format.strict)),
  }
  const isParallel = parallelCallsIn(body)
  if (tools.tools && tools.toolChoice?.type !== 'none' && !isParallel) {
    const forbidden = target.withoutParallelCalls()
    // In the older format, a second call of an answer is left out: the model makes it again after the result of the first one.
    if (!forbidden && !isOlderFormat(body)) throw unsupported('parallel_tool_calls: false')
    merge(providerOptions, forbidden ?? {})
  }
  const options = {
    prompt: adaptPrompt(promptOf(body['messages'], target, dropped), { to: target.prompt }).prompt,
    ...numbersOf(body),
    ...(stop != null && { stopSequences: stopsOf(stop) }),
    ...(reasoning && { reasoning }),
    ...(format && { responseFormat: format.responseFormat }),
    ...tools,
    ...(Object.keys(providerOptions).length > 0 && { providerOptions }),
  }
  target.checkIgnored(options)
  return options
}

function parallelCallsIn(body: JSONObject): boolean {
  const { parallel_tool_calls: parallel } = body
  if (parallel != null && typeof parallel !== 'boolean')
    throw invalid('parallel_tool_calls must be true or false.')
  return parallel !== false && !isOlderFormat(body)
}

function numbersOf(body: JSONObject): Partial<LanguageModelV4CallOptions> {
  const numbers = {
    temperature: numberIn(body, 'temperature'),
    topP: numberIn(body, 'top_p'),
    seed: numberIn(body, 'seed'),
    presencePenalty: numberIn(body, 'presence_penalty'),
    frequencyPenalty: numberIn(body, 'frequency_penalty'),
    maxOutputTokens: numberIn(body, 'max_completion_tokens') ?? numberIn(body, 'max_tokens'),
  }
  return Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== undefined))
}

function stopsOf(stop: unknown): string[] {
  const stops: readonly unknown[] = Array.isArray(stop) ? stop : [stop]
  return stops.map((one) => {
    if (typeof one !== 'string') throw invalid('stop must be a text or a list of texts.')
    return one
  })
}

type Effort = Exclude<NonNullable<LanguageModelV4CallOptions['reasoning']>, 'provider-default'>
const EFFORTS: ReadonlySet<unknown> = new Set<Effort>([
  'none',
  'minimal',
  'low',
  'medium',
  'high',
  'xhigh',
  'max',
])

function effortOf(effort: unknown): Effort {
  if (!isEffort(effort)) throw unsupported(`reasoning_effort ${cleanName(effort)}`)
  return effort
}

function isEffort(effort: unknown): effort is Effort {
  return EFFORTS.has(effort)
}

function merge(options: SharedV4ProviderOptions, others: SharedV4ProviderOptions): void {
  for (const [name, values] of Object.entries(others)) options[name] = { ...options[name], ...values }
}

/** Returns whether a stream is requested, and whether it ends with the usage. @throws RequestError for an unknown stream option */
export function streamingOf({ stream, stream_options: options }: JSONObject): {
  readonly isStream: boolean
  readonly includeUsage: boolean
} {
  if (stream != null && typeof stream !== 'boolean') throw invalid('stream must be true or false.')
  // `include_obfuscation` pads the events of OpenAI's streams, against observers of their sizes. It has no effect on the answer.
  if (options != null && !isRecord(options)) throw invalid('stream_options must be an object.')
  if (options) onlyKnown(options, new Set(['include_usage', 'include_obfuscation']), 'stream_options')
  return { isStream: stream === true, includeUsage: options?.['include_usage'] === true }
}
