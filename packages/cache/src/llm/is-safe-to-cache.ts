/** What a request asks a model for; anything else is not cached. */
export type LlmOperation = 'chat' | 'completions' | 'responses' | 'embeddings'

/**
 * Whether the answer to this request may be given again, as far as the request says: embeddings always; chat and completions if
 * they are meant to be repeatable (temperature 0, or a seed) and ask for one choice; Responses if the provider keeps nothing of
 * them, and they continue nothing.
 *
 * @returns true, or the reason why not
 */
export function isSafeToCache(
  operation: LlmOperation,
  request: Readonly<Record<string, unknown>>,
): true | UnsafeReason {
  if (operation === 'embeddings') return true
  if (operation === 'responses') return isStateless(request) || 'stateful'
  const { temperature, seed, n, best_of: bestOf, store } = request
  if (temperature !== 0 && typeof seed !== 'number') return 'not-repeatable'
  if ((n ?? 1) !== 1 || (bestOf ?? 1) !== 1) return 'several-choices'
  return store === true ? 'stateful' : true
}

export type UnsafeReason = 'not-repeatable' | 'several-choices' | 'stateful'

/** `store` is true by default there: what is stored has an id that others may refer to. */
function isStateless(request: Readonly<Record<string, unknown>>): boolean {
  const { store, previous_response_id: previous, conversation, background } = request
  return store === false && previous == null && conversation == null && background !== true
}
