import { describeValue, didYouMean, LONGEST_TIMER_MS, type OtherNames } from '@harbor/parts'

export function readWhole(name: string, value: unknown, min: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min)
    throw invalid(name, `a whole number of at least ${min}`, value)
  if (value > LONGEST_TIMER_MS) throw invalid(name, `at most ${LONGEST_TIMER_MS}`, value)
  return value
}

export function refuseUnknown(options: object, known: readonly string[], prefix: string): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    const near = didYouMean(name, known, OTHER_NAMES)
    const hint = near === undefined ? '' : `; did you mean ${prefix}${near}?`
    throw new TypeError(`${prefix}${name} is not an option of the pool${hint}`)
  }
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function invalid(name: string, expected: string, value: unknown): TypeError {
  return new TypeError(`${name} must be ${expected}, got ${describeValue(value)}`)
}

/** Names that other libraries use for these options, for suggestions. */
const OTHER_NAMES: OtherNames = {
  connections: 'concurrency max maxSockets maxConnections poolSize limit',
  maxQueued: 'maxQueue queueSize',
  queueTimeoutMs: 'acquireTimeout',
  keepAliveTimeoutMs: 'keepAlive keepAliveMsecs freeSocketTimeout',
  maxConnectionAgeMs: 'maxAge ttl clientTtl',
  connectTimeoutMs: 'connectionTimeout',
  headersTimeoutMs: 'timeout requestTimeout',
  bodyIdleTimeoutMs: 'bodyTimeout idleTimeout',
  tls: 'connect ssl',
  proxy: 'agent proxyUrl',
  min: 'minimum',
}
