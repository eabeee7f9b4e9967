import { headerReader, readHeaders, type HeadersLike } from './read-headers.ts'
import { limitField, usualNames, type LimitField } from './limit-field-names.ts'
import { parseLimitItems, type LimitItem } from './limit-items.ts'
import { parseReset } from './reset-time.ts'

/** The limits that a provider reported in the headers of one answer. Contains only what was reported. */
export interface ObservedLimits {
  /** Requests per minute, or per shorter window; missing if not reported. */
  requests?: ObservedLimit | undefined
  /** Tokens per minute, input and output together; missing if not reported. */
  tokens?: ObservedLimit | undefined
  /** Input tokens per minute; missing if not reported. */
  inputTokens?: ObservedLimit | undefined
  /** Output tokens per minute; missing if not reported. */
  outputTokens?: ObservedLimit | undefined
  /** Requests in a window longer than a minute, whose length is in `windowMs`; missing if not reported. */
  requestsPerDay?: ObservedLimit | undefined
}

/** One limit in the headers of an answer. What the headers do not contain is missing. */
export interface ObservedLimit {
  /** The number of requests or tokens allowed per window; missing if not reported. */
  limit?: number | undefined
  /** The number of requests or tokens left when the answer was written; missing if not reported. */
  remaining?: number | undefined
  /** The time from the answer until the full amount is available again, in milliseconds; 0 for a time in the past, missing if not reported. */
  resetAfterMs?: number | undefined
  /**
   * The length of the window, in milliseconds, if the headers contain it (`w=1`, `-second`). @default a minute, or longer if `resetAfterMs` is longer
   */
  windowMs?: number | undefined
  /**
   * Whether the length of the window is unknown: `x-ratelimit-limit: 10` may mean 10 per second or per day. A limiter then estimates the length from
   * `resetAfterMs`. The limiter ignores this limit if a limit of requests is configured.
   */
  unknownWindow?: true | undefined
}

/**
 * Reads the rate limits in the headers of an answer. Headers are recognised by the words of their names:
 * - `x-ratelimit-{limit,remaining,reset}-{requests,tokens}` (OpenAI and compatible providers), per minute;
 * - `anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-{limit,remaining,reset}`, per minute; the field
 *   `tokens` is ignored if there are fields for input or output tokens, since it only repeats the tighter of their
 *   limits;
 * - names with a window, such as `x-ratelimit-limit-tokens-minute` and `x-ratelimit-remaining-second`;
 * - `ratelimit-policy: 10;w=1` and `ratelimit` of the IETF draft;
 * - plain `x-ratelimit-{limit,remaining,reset}`, read as requests in an unknown window (`unknownWindow`).
 *
 * Invalid values are ignored, and so are names with an unknown word.
 *
 * A reset may be a Go duration (`6m0s`, `120ms`), a date (RFC 3339, or as in HTTP), a time since 1970 in seconds or milliseconds, or seconds from
 * now. See https://platform.openai.com/docs/guides/rate-limits, https://docs.anthropic.com/en/api/rate-limits.
 *
 * @param nowMs the current time in milliseconds since 1970, for dates in the headers. @default the `date` header of the answer, since both come from
 * the provider's clock; without it, Date.now()
 */
export function parseRateLimitHeaders(headers: HeadersLike, nowMs?: number): ObservedLimits {
  const now = (): number => nowMs ?? (Date.parse(headerReader(headers)('date') ?? '') || Date.now())
  const found = new Map<string, Found>()
  const policies: LimitItem[] = []
  const states: LimitItem[] = []
  for (const [name, text] of readHeaders(headers, /rate-?limit/, usualNames)) {
    const field = limitField(name)
    if (!field) continue
    if (field.value === 'policy') policies.push(...parseLimitItems(text))
    else if (field.value === 'state') states.push(...parseLimitItems(text))
    else readField(found, name, field, text, policies, now)
  }
  if (policies.length > 0 || states.length > 0) readItems(found, policies, states, now)
  if (found.has('anthropic-inputTokens') || found.has('anthropic-outputTokens'))
    found.delete('anthropic-tokens')
  return chooseLimits(found)
}

/** One limit, collected from several headers. */
interface Found {
  kind: LimitField['kind']
  namesKind: boolean
  windowMs: number | undefined
  limit: number | undefined
  remaining: number | undefined
  resetAfterMs: number | undefined
}

function readField(
  found: Map<string, Found>,
  name: string,
  { value, kind, namesKind, windowMs }: LimitField,
  text: string,
  policies: LimitItem[],
  now: () => number,
): void {
  let number: number | undefined
  if (value === 'reset') number = parseReset(text, now)
  else if (value === 'limit' && text.includes(';')) {
    // In an older version of the draft, `10, 10;w=1` is the limit that will be reached first, followed by all limits.
    const [first, ...others] = parseLimitItems(text)
    number = parseCount(first?.name)
    policies.push(...(first?.parameters.has('w') ? [first] : []), ...others)
  } else number = parseCount(text)
  if (number === undefined) return
  // Headers of different vendors are not combined.
  const vendor = name.slice(0, name.indexOf('rate'))
  const key = `${vendor}${kind}${namesKind ? '' : ' unknownWindow'}${windowMs ?? ''}`
  let limit = found.get(key)
  if (!limit) {
    limit = { kind, namesKind, windowMs, limit: undefined, remaining: undefined, resetAfterMs: undefined }
    found.set(key, limit)
  }
  if (value === 'limit') limit.limit ??= number
  else if (value === 'remaining') limit.remaining ??= number
  else limit.resetAfterMs ??= number
}

/** Reads the headers of the IETF draft, in all its versions. They report limits of their own, and the windows of plain `x-ratelimit-*` limits. */
function readItems(
  found: Map<string, Found>,
  policies: readonly LimitItem[],
  states: readonly LimitItem[],
  now: () => number,
): void {
  const [plainKey = '', plain] =
    [...found].find(([, { namesKind, windowMs }]) => !namesKind && windowMs === undefined) ?? []
  const dictionary = dictionaryOf(states)
  let isNamed = false
  for (const [place, { name, parameters }] of policies.entries()) {
    const limit = parseCount(parameters.get('q') ?? name)
    const seconds = parseCount(parameters.get('w'))
    const kind = UNITS.get(parameters.get('qu') ?? 'requests')
    if (limit === undefined || !seconds || !kind) continue
    const state = states.find((one) => one.name === name)?.parameters
    const remaining = parseCount(state?.get('r'))
    const resetAfterMs = parseReset(state?.get('t'), now)
    const windowMs = seconds * 1_000
    const each: Found = { kind, namesKind: true, windowMs, limit, remaining, resetAfterMs }
    const remainder = plain ?? dictionary
    if (state) isNamed = true
    else if (remainder && (policies.length === 1 || remainder.limit === limit)) {
      each.remaining = remainder.remaining
      each.resetAfterMs = remainder.resetAfterMs
      found.delete(plainKey)
      isNamed = true
    }
    found.set(`policy|${place}`, each)
  }
  if (dictionary && !isNamed) found.set('state|', { ...dictionary, ...plain })
}

/**
 * Reads the header `ratelimit` by itself: `limit=10, remaining=9, reset=1`, or the remaining amount of a limit for which the answer has no
 * `ratelimit-policy`.
 */
function dictionaryOf(states: readonly LimitItem[]): Found | undefined {
  if (states.length === 0) return undefined
  const dictionary: Found = {
    kind: 'requests',
    namesKind: false,
    windowMs: undefined,
    limit: undefined,
    remaining: undefined,
    resetAfterMs: undefined,
  }
  for (const { name, parameters } of states) {
    const [key = '', value] = name.split('=')
    const limit = key.trim() === 'limit' ? parseCount(value) : undefined
    const remaining = parseCount(key.trim() === 'remaining' ? value : parameters.get('r'))
    const seconds = parseCount(key.trim() === 'reset' ? value : parameters.get('t'))
    if (limit !== undefined) dictionary.limit ??= limit
    if (remaining !== undefined) dictionary.remaining ??= remaining
    if (seconds !== undefined) dictionary.resetAfterMs ??= seconds * 1_000
  }
  return dictionary
}

const UNITS: ReadonlyMap<string, LimitField['kind']> = new Map<string, LimitField['kind']>([
  ['request', 'requests'],
  ['requests', 'requests'],
  ['token', 'tokens'],
  ['tokens', 'tokens'],
])

const MINUTE_MS = 60_000

/** Chooses one limit of each kind: the most certain one. If several are equally certain, chooses the one with the lowest rate. */
function chooseLimits(found: ReadonlyMap<string, Found>): ObservedLimits {
  const observed: ObservedLimits = {}
  const best = new Map<keyof ObservedLimits, Found>()
  for (const each of found.values()) {
    const isLong = (each.windowMs ?? 0) > MINUTE_MS
    // Token limits per day or month delay no requests: the provider answers 429 when they are used up.
    if (isLong && each.kind !== 'requests') continue
    const kind = isLong ? 'requestsPerDay' : each.kind
    const other = best.get(kind)
    if (!other || isBetter(each, other)) best.set(kind, each)
  }
  for (const [kind, { namesKind, windowMs, limit, remaining, resetAfterMs }] of best) {
    const each: ObservedLimit = (observed[kind] = {})
    if (limit !== undefined) each.limit = limit
    if (remaining !== undefined) each.remaining = remaining
    if (resetAfterMs !== undefined) each.resetAfterMs = resetAfterMs
    if (windowMs !== undefined) each.windowMs = windowMs
    else if (!namesKind) each.unknownWindow = true
  }
  return observed
}

function isBetter(one: Found, other: Found): boolean {
  if (rankOf(one) !== rankOf(other)) return rankOf(one) < rankOf(other)
  if (one.windowMs === undefined || other.windowMs === undefined) return false
  return (one.limit ?? Infinity) / one.windowMs < (other.limit ?? Infinity) / other.windowMs
}

/**
 * Returns how certain a limit is; a lower rank is more certain. Documented names come first, names with a window second, numbers of an unknown window
 * third. Last come limits whose amount per window no header reports.
 */
function rankOf({ namesKind, windowMs, limit }: Found): number {
  const rank = windowMs !== undefined ? 1 : namesKind ? 0 : 2
  return rank + (limit === undefined ? 3 : 0)
}

function parseCount(text: string | undefined): number | undefined {
  if (text === undefined || !/^\s*\d+(\.\d+)?\s*$/.test(text)) return undefined
  const count = Number(text)
  return count <= Number.MAX_SAFE_INTEGER ? count : undefined
}
