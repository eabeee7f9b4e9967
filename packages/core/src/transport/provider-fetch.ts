import type { Transport } from '../call/exchange.ts'
import type { Provider } from '../targets/providers.ts'
import { fetchTransport } from './transport.ts'

/** Returns the transport for the requests of a provider. */
export type TransportOf = (provider: Provider) => Transport

/**
 * Creates the function that chooses the transport of each provider: the provider's own `fetch` if it has one, otherwise the client's
 * transport.
 * @param transport the client's transport
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
