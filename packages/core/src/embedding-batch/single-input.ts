import type { Exchange } from '../call/exchange.ts'
import { sendOptionsOf } from '../call/exchange-copies.ts'
import { identityOf } from '../call/identity.ts'

/** What a request wants embedded, if it is one text; whatever else it wants goes by itself. */
export function singleInputOf({ json, operation, perCall, headers }: Exchange): string | undefined {
  if (operation.name !== 'embeddings' || !json) return undefined
  // The key was made for this request, and would be sent with another one.
  if (headers.has('idempotency-key')) return undefined
  // A chain of its own would be the chain of all.
  if (perCall.fallback !== undefined || perCall.order || perCall.hedge !== undefined) return undefined
  const { input } = json
  const text: unknown = Array.isArray(input) && input.length === 1 ? input[0] : input
  return typeof text === 'string' && text !== '' ? text : undefined
}

function isReference(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

/** Names policies and their parts, which are the same objects as long as they say the same. */
export class Partitions {
  readonly #numbers = new WeakMap<object, number>()
  #count = 0

  /** Requests of one partition differ in their input alone, and are treated alike: those of two callers never meet. */
  of(exchange: Exchange): string {
    try {
      return this.#nameOf(exchange)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      return `alone ${++this.#count}` // it is nested too deeply to be compared with others
    }
  }

  #nameOf(exchange: Exchange): string {
    const { url, init, json = {}, policy, perCall } = exchange
    const { input: _input, ...rest } = json
    const ignoresHeader = policy.cache?.ignoresHeader
    const { headers } = identityOf(exchange)
    const { routes, retry, limits, spendLimit, hedge, order, lastResort } = policy
    const { maxAttempts, attemptMs, attemptsBeforeFallback, maxUpstreamCalls } = policy
    return JSON.stringify([
      url,
      ignoresHeader ? headers.filter(([name]) => !ignoresHeader(name)) : headers,
      perCall.scope ?? policy.cache?.scope,
      Object.entries(rest).toSorted(([one], [other]) => (one < other ? -1 : 1)),
      [routes, retry, limits, spendLimit, hedge, order, lastResort].map((part) => this.#numberOf(part)),
      [maxAttempts, String(attemptMs), attemptsBeforeFallback, maxUpstreamCalls],
      this.#sendOptionsOf(init),
    ])
  }

  /** Requests that go out by different ways, such as another dispatcher, cannot go together. */
  #sendOptionsOf(init: RequestInit): readonly unknown[] {
    return Object.entries(sendOptionsOf(init)).map(([name, value]: [string, unknown]) => [
      name,
      isReference(value) ? this.#numberOf(value) : value,
    ])
  }

  #numberOf(part: object | undefined): number {
    if (part === undefined) return 0
    let number = this.#numbers.get(part)
    if (number === undefined) this.#numbers.set(part, (number = ++this.#count))
    return number
  }
}
