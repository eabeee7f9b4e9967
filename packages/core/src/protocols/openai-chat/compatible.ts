import { isRecord, type JsonBody } from '../../base/json.ts'
import { partsOf } from '../openai/request.ts'
import type { ProviderFormat } from '../protocol.ts'
import { isUnder, type Vendor } from '../vendors.ts'

/** What the OpenAI-compatible endpoint of another vendor does not support. */
interface Limits {
  readonly name: string
  /**
   * Finds a parameter that the endpoint ignores although it changes the meaning of the answer. Returns words to follow "it ignores", such
   * as `n > 1`.
   */
  readonly ignored: (body: JsonBody) => string | undefined
  /**
   * The parameters that the endpoint ignores or refuses, and that can be removed, because they only tune an answer or describe its caller.
   */
  readonly dropped: ReadonlySet<string>
  /** The highest temperature that the endpoint accepts. */
  readonly maxTemperature: number
}

const CALLER = [
  'metadata',
  'prompt_cache_key',
  'prompt_cache_retention',
  'safety_identifier',
  'store',
  'user',
]
const TUNING = [
  'frequency_penalty',
  'logit_bias',
  'prediction',
  'presence_penalty',
  'seed',
  'service_tier',
  'verbosity',
]

const LIMITS: Readonly<Partial<Record<Vendor, Limits>>> = {
  // https://platform.claude.com/docs/en/api/openai-sdk
  anthropic: {
    name: 'Anthropic',
    ignored: (body) =>
      ignoredAnywhere(body) ??
      (wantsFormat(body) ? 'response_format' : undefined) ??
      (hasStrictTool(body) ? 'strict of tools' : undefined) ??
      (hasPart(body, 'input_audio') ? 'audio in messages' : undefined) ??
      (hasPart(body, 'file') ? 'files in messages' : undefined),
    dropped: new Set([...CALLER, ...TUNING, 'reasoning_effort']),
    maxTemperature: 1,
  },
  // https://ai.google.dev/gemini-api/docs/openai. A parameter that this endpoint does not know is refused with 400.
  google: {
    name: 'Google',
    ignored: ignoredAnywhere,
    dropped: new Set([...CALLER, ...TUNING]),
    maxTemperature: Infinity,
  },
}

function ignoredAnywhere(body: JsonBody): string | undefined {
  const { n, logprobs, top_logprobs: alternatives, audio, modalities, web_search_options: search } = body
  if (typeof n === 'number' && n > 1) return 'n > 1'
  if (logprobs === true || (typeof alternatives === 'number' && alternatives > 0)) return 'logprobs'
  if (isRecord(audio) || (Array.isArray(modalities) && modalities.some((kind) => kind !== 'text')))
    return 'audio output'
  return isRecord(search) ? 'web_search_options' : undefined
}

function wantsFormat({ response_format: format }: JsonBody): boolean {
  return isRecord(format) && format['type'] !== 'text'
}

function hasStrictTool({ tools, functions }: JsonBody): boolean {
  const listed: readonly unknown[] = [tools, functions].flatMap((list: unknown): readonly unknown[] =>
    Array.isArray(list) ? list : [],
  )
  return listed.some((tool) => {
    const described = isRecord(tool) && isRecord(tool['function']) ? tool['function'] : tool
    return isRecord(described) && described['strict'] === true
  })
}

function hasPart({ messages }: JsonBody, type: string): boolean {
  return partsOf(messages).some((part) => part['type'] === type)
}

/** Returns the limits of a provider's compatible endpoint; undefined for OpenAI's own API and for unknown compatible servers. */
function limitsOf({ kind, baseURL }: ProviderFormat): Limits | undefined {
  if (kind === 'azure') return undefined
  if (kind !== 'openai') return LIMITS[kind]
  return isUnder('anthropic', baseURL)
    ? LIMITS.anthropic
    : isUnder('google', baseURL)
      ? LIMITS.google
      : undefined
}

/** Returns the reason why a compatible endpoint cannot serve a chat request, in words to follow "it"; undefined when it can. */
export function whyUnable(body: JsonBody, provider: ProviderFormat): string | undefined {
  const limits = limitsOf(provider)
  const ignored = limits?.ignored(body)
  return limits && ignored && `ignores ${ignored}, at the OpenAI-compatible endpoint of ${limits.name}`
}

/**
 * Removes the parameters that a compatible endpoint would ignore or refuse, and lowers a temperature that is too high for it.
 * @param adaptations collects a note about each change
 */
export function withoutIgnored(body: JsonBody, provider: ProviderFormat, adaptations: string[]): JsonBody {
  const limits = limitsOf(provider)
  if (!limits) return body
  const entries = Object.entries(body).filter(([name, value]) => {
    const isDropped = limits.dropped.has(name)
    if (isDropped && value != null) adaptations.push(`dropped ${name}`)
    return !isDropped
  })
  const { temperature, ...rest } = Object.fromEntries(entries)
  if (typeof temperature !== 'number' || temperature <= limits.maxTemperature)
    return entries.length === Object.keys(body).length ? body : Object.fromEntries(entries)
  adaptations.push(`temperature ${temperature} sent as ${limits.maxTemperature}`)
  return { ...rest, temperature: limits.maxTemperature }
}
