import type { Provider } from './providers.ts'
import type { Target } from './target.ts'

/**
 * Names what shares a provider's limits. It may hold a key, since copies of a client may differ in theirs, which only requests to the
 * client's own provider bring along: it is not to be shown.
 */
export function quotaGroupOf(target: Target, provider: Provider, headers: Headers): string {
  // A group that was given a name is one, whoever belongs to it.
  return provider.quotaGroup ?? `${target.quotaGroup}\n${clientKeyOf(provider, headers)}`
}

/** The key of the client's own provider; that of another one is in its entry. */
export function clientKeyOf({ native }: Provider, headers: Headers): string {
  return native ? (headers.get('authorization') ?? headers.get('api-key') ?? '') : ''
}
