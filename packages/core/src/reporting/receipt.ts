import type { FailureKind } from '@harbor/retry'

/** What happened to one call, as data. It holds no prompt, no answer and no key. */
export interface Receipt {
  /** Names the call in events and logs. */
  readonly id: string
  readonly operation: string
  /** Who answered, or was asked last: `openai/gpt-4`, or the bare provider when the request names no model. */
  readonly target: string
  readonly model: string | undefined
  readonly streaming: boolean
  /** Harbor made the call by itself, before anybody asked: see `prefetch`. */
  readonly ahead: boolean
  /** Every request that went upstream, in order. */
  readonly attempts: readonly AttemptRecord[]
  readonly outcome: 'pending' | 'success' | 'failure' | 'aborted'
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  /** Milliseconds since the epoch; of a stream, when the stream ended. Undefined while the call runs. */
  readonly endedAt: number | undefined
  /** The whole call in milliseconds; undefined while it runs. */
  readonly durationMs: number | undefined
  /** Time spent waiting between attempts, in milliseconds. */
  readonly waitMs: number
  /** Of a stream: from the start of the call to its first content, in milliseconds. */
  readonly firstContentMs: number | undefined
  /** The provider's own count of tokens; undefined when it told none. */
  readonly usage: TokenUsage | undefined
  /** The service tier that the answer names, such as `flex` or `priority`; undefined when it names none. */
  readonly serviceTier: string | undefined
  /**
   * What the answer cost; undefined while the call runs, when nothing was used, and when the price is unknown. For the first
   * calls of a process it may be filled in a moment after the end, when the price list has been loaded.
   */
  readonly cost: CallCost | undefined
  /** Why the answer ended, as the provider says it, one for every choice. */
  readonly finishReasons: readonly string[]
  /** The provider's id of the answer, such as `resp_…`, as soon as one was reported; see `perCall({ onResponseId })`. */
  readonly responseId: string | undefined
  /** Attempts that failed after they were sent and before they were answered: the provider may have billed them. */
  readonly possiblyBilled: number
  /** Redirects that were followed; each was one more request upstream. */
  readonly redirects: number
  /** Targets that were left out when it was their turn, and why. */
  readonly skipped: readonly { readonly target: string; readonly reason: string }[]
  /** No target answered: the client's own last resort did, or something kept that is past its time. */
  readonly degraded: boolean
  /** What the cache made of the call; undefined when there is none, or it never came so far. */
  readonly cache: CacheRecord | undefined
  /** How many embeddings were asked for in the one request; undefined when the call had its own. Usage and cost are its share. */
  readonly batch: { readonly size: number } | undefined
}

/** How a call and the cache fared. */
export interface CacheRecord {
  /**
   * `hit`: answered from the cache. `stale`: the same, past its time. `miss`: by an upstream. `shared`: by the answer to the same
   * question of another call. `bypass`: the cache was left out.
   */
  readonly status: 'hit' | 'stale' | 'miss' | 'shared' | 'bypass'
  /** Why, in a word: `absent`, `expired`, `load-failed`, `not-repeatable`. */
  readonly reason: string
  /** How long ago the answer was stored, in milliseconds. */
  readonly ageMs: number
  /** Whether the answer is kept now, or why not; undefined while that is open, and where nothing was to be kept. */
  readonly kept?: true | string | undefined
}

/** One request that went upstream. */
export interface AttemptRecord {
  /** Starts at 1. */
  readonly number: number
  readonly target: string
  /** What was changed in the request for this target, beside address, credential and model, in words. */
  readonly adaptations: readonly string[]
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly durationMs: number | undefined
  /** How long the call waited before this attempt, in milliseconds, and what made it wait. */
  readonly waitedMs: number
  readonly waitedFor: 'nothing' | 'backoff' | 'retry-after' | 'limit'
  /** HTTP status of the answer; undefined when none came. */
  readonly status: number | undefined
  /** The provider's name for the request, from `x-request-id`. */
  readonly requestId: string | undefined
  /** Undefined when the attempt succeeded or still runs. */
  readonly failure: AttemptFailure | undefined
}

/** Why an attempt failed. */
export interface AttemptFailure {
  readonly kind: FailureKind
  /** The provider's or the transport's own code. */
  readonly code: string | undefined
  /** It was sent and not answered, so it may have been carried out. */
  readonly ambiguous: boolean
  /** How long the provider asked to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined
}

/** Tokens as the provider reported them. Each class below input or output is a part of it. */
export interface TokenUsage {
  readonly inputTokens: number
  readonly outputTokens: number
  /** Input that the provider had in its cache. */
  readonly cachedInputTokens: number
  /** Input that the provider put into its cache. */
  readonly cacheWriteInputTokens: number
  readonly audioInputTokens: number
  readonly reasoningTokens: number
  readonly audioOutputTokens: number
}

/** What a call cost, as far as its price is known. */
export interface CallCost {
  readonly usd: number
  /** Whether the provider told the tokens, or they are estimated from what was sent and what had arrived. */
  readonly usage: 'reported' | 'estimated'
  /** Whose price it is: the user's own, that of the price list, or the cost that the provider reported itself. */
  readonly price: 'own' | 'list' | 'provider'
  /** How the provider was found in the price list: by its address, or, for one behind a gateway, by the name of its entry. */
  readonly listedBy?: 'address' | 'entry-name'
}

/** Under this symbol an object carries the receipt of the call that made it, where nobody meets it by accident. */
const RECEIPT: unique symbol = Symbol('harbor.receipt')

/** The same for what is made by Harbor itself: there nobody lists the properties, and to assign one costs next to nothing. */
export function carryReceipt(holder: Response | Headers, receipt: Receipt): void {
  ;(holder as { [RECEIPT]?: Receipt })[RECEIPT] = receipt
}

/** Ties a receipt to what the caller will hold: a result, an error, a response, or a response's headers. */
export function attachReceipt(holder: unknown, receipt: Receipt): void {
  if (typeof holder !== 'object' || holder === null || !Object.isExtensible(holder)) return
  Object.defineProperty(holder, RECEIPT, { value: receipt, enumerable: false, configurable: true })
}

/**
 * The receipt of a call.
 * @param holder what the call gave you: its result, its stream, its `Response`, or the error it threw. A helper, such as
 * `chat.completions.stream()`, has the receipt of its latest call once that has begun
 * @returns undefined for anything Harbor did not give you, and for a call that its caller aborted
 */
export function receiptOf(holder: unknown): Receipt | undefined {
  if (typeof holder !== 'object' || holder === null) return undefined
  // An API error carries the headers of its response, and a page of a list the response itself.
  const { headers, response } = holder as { headers?: unknown; response?: unknown }
  return attached(holder) ?? attached(headers) ?? attached(response) ?? ofHelper(holder)
}

/** A helper of the SDK hides its response, but makes each of its calls with the signal of its own controller. */
function ofHelper({ controller }: { controller?: unknown }): Receipt | undefined {
  return controller instanceof AbortController ? attached(controller.signal) : undefined
}

function attached(holder: unknown): Receipt | undefined {
  if (typeof holder !== 'object' || holder === null) return undefined
  return (holder as { [RECEIPT]?: Receipt })[RECEIPT]
}
