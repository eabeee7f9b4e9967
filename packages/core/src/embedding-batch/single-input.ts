import type { Exchange } from '../call/exchange.ts'
import { sendOptionsOf } from '../call/exchange-copies.ts'
import { identityOf } from '../call/identity.ts'

/** The text of a request for a single embedding that may be sent with others; undefined for any other request. */
export function singleInputOf({ json, operation, perCall, headers }: Exchange): string | undefined {
  if (!operation.batching || !json) return undefined
  // The key was made for this request, and would be sent with another one.
  if (headers.has('idempotency-key')) return undefined
  // Its own chain would become the chain of the whole batch.
  if (perCall.fallback !== undefined || perCall.order || perCall.hedge !== undefined) return undefined
  return operation.batching.inputOf(json)
}

function isReference(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

/** Numbers policies and their parts, which are the same objects as long as they are equal. */
export class Partitions {
  readonly #numbers = new WeakMap<object, number>()
  #count = 0

  /** Requests of one partition differ in their input alone, and have the same policy. Those of two callers are never sent together. */
  of(exchange: Exchange): string {
    try {
      return this.#nameOf(exchange)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      return `alone ${++this.#count}` // it is nested too deeply to be compared with others
    }
  }

  #nameOf(exchange: Exchange): string {
    const { url, init, json = {}, operation, policy, perCall } = exchange
    const rest = operation.batching?.withoutInput(json) ?? json
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

  /** Requests that are sent by different means, such as another dispatcher, cannot be sent together. */
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
