import { isRecord, type JsonBody } from '../../base/json.ts'
import type { CacheTtl } from '../../reporting/price.ts'
import { partsOf } from './request.ts'

/** Times to live of a prompt cache, the most expensive first. */
const BY_PRICE = ['12h', '1h', '30m', '5m'] as const satisfies readonly CacheTtl[]

/**
 * How long the provider's prompt cache may hold the request: the most expensive time to live that the request asks for. OpenAI caches each
 * request for 30 minutes by itself, and takes marks for longer; gateways pass Anthropic's `cache_control` on, whose default is 5 minutes.
 */
export function cacheTtlOf(body: JsonBody): CacheTtl {
  const { messages, input, tools } = body
  const holders = [
    body,
    ...recordsIn(messages),
    ...recordsIn(input),
    ...partsOf(messages ?? input),
    ...recordsIn(tools),
  ]
  const asked = new Set(holders.flatMap((holder) => MARKS.map((mark) => ttlIn(holder[mark], mark))))
  return BY_PRICE.find((ttl) => asked.has(ttl)) ?? '30m'
}

const MARKS = ['prompt_cache_options', 'prompt_cache_breakpoint', 'cache_control'] as const

function ttlIn(mark: unknown, name: (typeof MARKS)[number]): CacheTtl | undefined {
  if (!isRecord(mark)) return undefined
  const { ttl } = mark
  const known = BY_PRICE.find((each) => each === ttl)
  if (known !== undefined) return known
  // A time to live that is new to Harbor is taken for the most expensive one.
  if (ttl !== undefined && ttl !== null) return BY_PRICE[0]
  return name === 'cache_control' ? '5m' : '30m'
}

function recordsIn(value: unknown): readonly JsonBody[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}
