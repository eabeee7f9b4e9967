import type { Exchange } from '../call/exchange.ts'
import { sendOptionsOf } from '../call/exchange-copies.ts'
import { identityOf } from '../call/identity.ts'
import { scopeLabelsText } from '../options/scope-labels.ts'

/** Returns the text of a request for a single embedding; undefined if the request must not be combined with others. */
export function singleInputOf({ json, operation, perCall, headers }: Exchange): string | undefined {
  if (!operation.batching || !json) return undefined
  // The idempotency key was made for this request, and must not be sent with a combined one.
  if (headers.has('idempotency-key')) return undefined
  // The call's own chain, order or hedge would apply to the whole batch.
  if (perCall.fallback !== undefined || perCall.order || perCall.hedge !== undefined) return undefined
  return operation.batching.inputOf(json)
}

function isReference(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

/**
 * Divides requests into partitions. Only requests of the same partition are combined. The parts of a policy, such as `retry`, are compared
 * by identity, not by content.
 */
export class Partitions {
  readonly #numbers = new WeakMap<object, number>()
  #count = 0

  /**
   * Returns the name of the partition of a request. The requests of a partition have the same policy, credentials and scope, and differ
   * only in their input. So requests of different tenants are never combined.
   */
  of(exchange: Exchange): string {
    try {
      return this.#nameOf(exchange)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      return `alone ${++this.#count}` // the request is nested too deeply to be compared
    }
  }

  #nameOf(exchange: Exchange): string {
    const { url, init, json = {}, operation, policy, perCall, receipt } = exchange
    const rest = operation.batching?.withoutInput(json) ?? json
    const ignoresHeader = policy.cache?.ignoresHeader
    const { headers } = identityOf(exchange)
    const { routes, retry, limits, spendLimits, hedge, order, lastResort } = policy
    const { maxAttempts, attemptMs, attemptsBeforeFallback, maxUpstreamCalls } = policy
    return JSON.stringify([
      url,
      ignoresHeader ? headers.filter(([name]) => !ignoresHeader(name)) : headers,
      perCall.scope ?? policy.cache?.scope,
      policy.cache && scopeLabelsText(receipt.labels, policy.cache),
      Object.entries(rest).toSorted(([one], [other]) => (one < other ? -1 : 1)),
      [routes, retry, limits, spendLimits, hedge, order, lastResort].map((part) => this.#numberOf(part)),
      [maxAttempts, String(attemptMs), attemptsBeforeFallback, maxUpstreamCalls],
      this.#sendOptionsOf(init),
    ])
  }

  /**
   * Returns the `fetch` options of a request in a form that can be compared. Requests with different options, such as another dispatcher,
   * are not combined.
   */
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
