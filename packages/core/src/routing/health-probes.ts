import { copyHeaders, type ReadonlyHeaders } from '../base/readonly-headers.ts'
import type { LegExchange } from '../call/exchange.ts'
import { sendOptionsOf } from '../call/exchange-copies.ts'
import { formatOf, withoutSlash } from '../targets/providers.ts'
import type { Target } from '../reporting/target.ts'
import { ownRequests, type OwnRequests } from '../transport/transport.ts'
import { isOutOfOrder } from '../verdict/verdict.ts'
import { targetKey } from './state-keys.ts'

/** How to check whether a target has recovered. Learned from a call that failed at the target. */
interface Probe {
  readonly url: string
  readonly headers: Headers
  /** The caller's `fetch` options that say how requests are sent, such as the dispatcher. */
  readonly sendOptions: RequestInit
  /** Sends the check in the same way as the calls of the target. */
  readonly fetch: OwnRequests
}

/** Checks unavailable targets by requesting their list of models, which costs nothing. */
export class HealthProbes {
  readonly #fetch: OwnRequests
  readonly #maxTargets: number
  readonly #probes = new Map<string, Probe>()

  /** @param fetch sends the health checks of providers that have no `fetch` of their own, in the same way as calls */
  constructor(fetch: OwnRequests, maxTargets: number) {
    this.#fetch = fetch
    this.#maxTargets = maxTargets
  }

  /** Stores how to check the target of a failed attempt: the URL, the headers, and the function that sends the check. */
  learnFrom(exchange: LegExchange): void {
    if (this.#probes.size >= this.#maxTargets) return
    const { fetch } = exchange.leg.provider
    this.#probes.set(targetKey(exchange.leg.target), {
      url: probeURL(exchange),
      headers: probeHeaders(signedHeaders(exchange)),
      sendOptions: sendOptionsOf(exchange.init),
      fetch: fetch ? ownRequests(fetch) : this.#fetch,
    })
  }

  /** Sends a health check to a target. @throws Error if the target cannot serve calls yet */
  async check(target: Target, signal: AbortSignal): Promise<void> {
    const key = targetKey(target)
    const probe = this.#probes.get(key)
    if (!probe) throw new Error('No failed call has shown yet how to check this target.')
    const { url, headers, sendOptions, fetch } = probe
    const { status, body } = await fetch(url, { ...sendOptions, headers, signal })
    await body?.cancel()
    const [address] = url.split('?') // the query may contain a key
    if (isOutOfOrder(status)) throw new Error(`GET ${address} answered ${status}.`)
    this.#probes.delete(key)
  }
}

/**
 * Returns the URL for health checks of a target. At the client's own provider, it includes the query of the failed request, which may
 * contain an API version or a key.
 */
function probeURL({ url, operation, leg: { target, provider } }: LegExchange): string {
  const format = formatOf(provider, operation)
  const root = provider.native ? withoutSlash(target.baseURL) : format.baseURL
  const models = operation.endpoint.probeURL(root, format)
  return provider.native ? models + new URL(url).search : models
}

/** Returns the headers of the failed request. If the provider has several keys, the key of the failed attempt is added. */
function signedHeaders(exchange: LegExchange): ReadonlyHeaders {
  const { leg, operation, headers } = exchange
  const key = leg.key?.key
  if (typeof key !== 'string' || leg.provider.native) return headers
  return operation.endpoint.signed(exchange, formatOf(leg.provider, operation), key).headers
}

function probeHeaders(given: ReadonlyHeaders): Headers {
  const headers = copyHeaders(given)
  for (const name of ['content-type', 'content-length', 'idempotency-key']) headers.delete(name)
  headers.set('accept', 'application/json')
  return headers
}
