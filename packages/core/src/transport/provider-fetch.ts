import type { Transport } from '../call/exchange.ts'
import type { Provider } from '../targets/providers.ts'
import { fetchTransport } from './transport.ts'

/** Chooses how the requests of a provider are sent. */
export type TransportOf = (provider: Provider) => Transport

/**
 * Sends the requests of providers that have a `fetch` of their own by that, and all others by the client's transport.
 * @param transport that of the client
 */
export function transportOfProviders(transport: Transport): TransportOf {
  // By the function and not by the provider, since `configure()` makes new providers of the same options.
  const own = new WeakMap<typeof globalThis.fetch, Transport>()
  return ({ fetch }) => {
    if (!fetch) return transport
    let made = own.get(fetch)
    if (!made) own.set(fetch, (made = fetchTransport(fetch)))
    return made
  }
}
