import { identityOf, type Identified } from '../call/identity.ts'
import type { Provider } from '../targets/providers.ts'
import type { Target } from '../reporting/target.ts'

/**
 * Names what shares a provider's limits. It may hold a key, since copies of a client may differ in theirs: it is not to be shown.
 */
export function quotaGroupOf(target: Target, provider: Provider, request: Identified): string {
  // A group that was given a name is one, whoever belongs to it.
  return provider.quotaGroup ?? `${target.quotaGroup}\n${accountAt(provider, request)}`
}

/** Names the account that a request to a provider is made with. Of the client's own provider, the request brings it along. */
export function accountAt(provider: Provider, request: Identified): string {
  return provider.native ? identityOf(request).account : provider.identity
}
