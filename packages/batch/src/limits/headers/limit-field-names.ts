/** The meaning of one rate limit header, according to its name. */
export interface LimitField {
  /**
   * What the header reports. `state` is the field `ratelimit` of the IETF draft, which combines several values (`ratelimit: limit=10, remaining=9,
   * reset=1`).
   */
  value: 'limit' | 'remaining' | 'reset' | 'policy' | 'state'
  kind: 'requests' | 'tokens' | 'inputTokens' | 'outputTokens'
  /**
   * Whether the name of the header says what is counted: requests or tokens. OpenAI and Anthropic name their headers like this, and count per minute.
   */
  namesKind: boolean
  /** The length of the window in the name of the header (`-minute`), in milliseconds; undefined for none. */
  windowMs: number | undefined
}

/**
 * Interprets the name of a rate limit header by its words, in any order and from any vendor: `x-ratelimit-limit-requests`,
 * `anthropic-ratelimit-input-tokens-remaining`, `x-ratelimit-reset-tokens-minute`, `ratelimit-policy`.
 *
 * @param name in lower case
 * @returns undefined for a name with an unknown word: it may count something else, such as images
 */
export function limitField(name: string): LimitField | undefined {
  const [, rest] = RATE_LIMIT.exec(name) ?? []
  if (rest === undefined) return undefined
  let value: LimitField['value'] | undefined
  let windowMs: number | undefined
  const counted = new Set<Counted>()
  for (const word of rest === '' ? [] : rest.slice(1).split('-')) {
    const what = COUNTED.get(word)
    if (!value && VALUES.has(word)) value = VALUES.get(word)
    else if (windowMs === undefined && WINDOWS_MS.has(word)) windowMs = WINDOWS_MS.get(word)
    else if (what) counted.add(what)
    else if (word !== 'after') return undefined
  }
  const kind = kindOf(counted)
  if (!kind || (!value && rest !== '')) return undefined
  return { value: value ?? 'state', kind, namesKind: counted.size > 0, windowMs }
}

/** Yields the usual names of rate limit headers, to look up in headers that cannot be listed. */
export function* usualNames(): Generator<string> {
  const values = ['limit', 'remaining', 'reset']
  const kinds = ['requests', 'tokens', 'input-tokens', 'output-tokens']
  for (const value of values) {
    for (const kind of kinds) {
      yield `x-ratelimit-${value}-${kind}`
      yield `anthropic-ratelimit-${kind}-${value}`
    }
    for (const window of ['', '-second', '-minute', '-hour', '-day']) {
      yield `x-ratelimit-${value}${window}`
      for (const kind of ['-requests', '-req', '-tokens']) yield `x-ratelimit-${value}${kind}${window}`
    }
    yield `ratelimit-${value}`
  }
  yield 'ratelimit'
  yield 'ratelimit-policy'
}

/** Matches the name of a rate limit header, with any vendor prefix, and captures the words after `ratelimit`. */
const RATE_LIMIT = /(?:^|-)rate-?limit((?:-.+)?)$/

const VALUES: ReadonlyMap<string, LimitField['value']> = new Map<string, LimitField['value']>([
  ['limit', 'limit'],
  ['remaining', 'remaining'],
  ['reset', 'reset'],
  ['policy', 'policy'],
])

type Counted = 'requests' | 'tokens' | 'input' | 'output'

const COUNTED: ReadonlyMap<string, Counted> = new Map<string, Counted>([
  ['request', 'requests'],
  ['requests', 'requests'],
  ['req', 'requests'],
  ['reqs', 'requests'],
  ['token', 'tokens'],
  ['tokens', 'tokens'],
  ['input', 'input'],
  ['prompt', 'input'],
  ['output', 'output'],
  ['completion', 'output'],
  ['generated', 'output'],
])

const SECOND_MS = 1_000
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

const WINDOWS_MS: ReadonlyMap<string, number> = new Map<string, number>([
  ['second', SECOND_MS],
  ['seconds', SECOND_MS],
  ['sec', SECOND_MS],
  ['1s', SECOND_MS],
  ['minute', MINUTE_MS],
  ['minutes', MINUTE_MS],
  ['min', MINUTE_MS],
  ['1m', MINUTE_MS],
  ['hour', HOUR_MS],
  ['hourly', HOUR_MS],
  ['1h', HOUR_MS],
  ['day', DAY_MS],
  ['daily', DAY_MS],
  ['1d', DAY_MS],
  ['week', 7 * DAY_MS],
  ['weekly', 7 * DAY_MS],
  ['month', 30 * DAY_MS],
  ['monthly', 30 * DAY_MS],
])

function kindOf(counted: ReadonlySet<Counted>): LimitField['kind'] | undefined {
  const tokens = counted.has('tokens') || counted.has('input') || counted.has('output')
  if (counted.has('requests')) return tokens ? undefined : 'requests'
  if (counted.has('input')) return counted.has('output') ? 'tokens' : 'inputTokens'
  if (counted.has('output')) return 'outputTokens'
  return tokens ? 'tokens' : 'requests'
}
