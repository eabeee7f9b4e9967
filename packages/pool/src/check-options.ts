import { describeValue, MAX_TIMER_MS, suggestionFor, type NamesElsewhere } from '@harbor/parts'

export function readWhole(name: string, value: unknown, min: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min)
    throw invalid(name, `a whole number of at least ${min}`, value)
  if (value > MAX_TIMER_MS) throw invalid(name, `at most ${MAX_TIMER_MS}`, value)
  return value
}

export function refuseUnknown(options: object, known: readonly string[], prefix: string): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    const meant = suggestionFor(name, known, NAMES_ELSEWHERE, prefix)
    const hint = meant === undefined ? '' : `; did you mean ${meant}`
    throw new TypeError(`${prefix}${name} is not an option of the pool${hint}`)
  }
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function invalid(name: string, expected: string, value: unknown): TypeError {
  return new TypeError(`${name} must be ${expected}, got ${describeValue(value)}`)
}

/** The names of the pool's options in other libraries. The error for an unknown option uses them to suggest the right one. */
const NAMES_ELSEWHERE: NamesElsewhere = {
  connections: "maxSockets (Node's Agent), concurrency (p-queue), max, maxConnections, poolSize, limit",
  maxQueued: 'maxQueue, queueSize',
  queueTimeoutMs: 'acquireTimeout',
  keepAliveTimeoutMs:
    "keepAliveMsecs (Node's Agent), freeSocketTimeout (agentkeepalive), keepAlive; in milliseconds",
  maxConnectionAgeMs: 'clientTtl (undici), maxAge, ttl; in milliseconds',
  connectTimeoutMs: 'connectionTimeout',
  headersTimeoutMs: 'timeout, requestTimeout; until the headers of the answer',
  bodyIdleTimeoutMs: 'bodyTimeout (undici), idleTimeout; between two chunks of the body',
  tls: 'connect (undici), ssl',
  proxy: 'agent, proxyUrl',
  min: 'minimum',
}
