import type { FailureKind } from '@harbor/retry'
import type { CacheTtl } from './price.ts'

/** The record of one call, as plain data. Contains no prompt, no answer and no key. */
export interface Receipt {
  /** Identifies the call in events and logs. */
  readonly id: string
  readonly operation: string
  /**
   * The target that answered, such as `openai/gpt-4`. If none did, the target that was called last. If the request names no model, this is
   * only the provider.
   */
  readonly target: string
  readonly model: string | undefined
  readonly streaming: boolean
  /** Whether the call was a prefetch, made by Harbor itself: see the option `prefetch`. */
  readonly ahead: boolean
  /** Every request sent to a provider, in order. */
  readonly attempts: readonly AttemptRecord[]
  readonly outcome: 'pending' | 'success' | 'failure' | 'aborted'
  /** When the call started, in milliseconds since the epoch. */
  readonly startedAt: number
  /** When the call ended, in milliseconds since the epoch; for a stream, when the stream ended. Undefined while the call runs. */
  readonly endedAt: number | undefined
  /** Duration of the whole call in milliseconds; undefined while the call runs. */
  readonly durationMs: number | undefined
  /** Time spent waiting between attempts, in milliseconds. */
  readonly waitMs: number
  /** For a stream: time from the start of the call to the first content, in milliseconds. */
  readonly firstContentMs: number | undefined
  /**
   * How the answer was checked before the caller got it: see `AnswerGuard`. Undefined while no provider has answered, and for an answer from
   * the cache.
   */
  readonly guard: AnswerGuard | undefined
  /** Tokens as counted by the provider; undefined if the provider reported none. */
  readonly usage: TokenUsage | undefined
  /**
   * The service tier reported in the answer, such as `flex` or `priority`; undefined if there is none. Other words on which the price
   * depends follow after colons: a region (`fast:us`), or the time in which a background response is due (`default:8h`).
   */
  readonly serviceTier: string | undefined
  /**
   * The cost of the answer. Undefined while the call runs, if no tokens were used, and if the price is unknown. For the first calls of a
   * process, the cost may be set shortly after the end, when the price list is loaded.
   */
  readonly cost: CallCost | undefined
  /** The provider's finish reasons, one for each choice. */
  readonly finishReasons: readonly string[]
  /** The provider's id of the answer, such as `resp_…`, as soon as it was reported; see `perCall({ onResponseId })`. */
  readonly responseId: string | undefined
  /** The number of attempts that were sent and failed without an answer; the provider may have billed them. */
  readonly possiblyBilled: number
  /** The number of redirects that were followed; each of them is one more request. */
  readonly redirects: number
  /** Targets that were skipped when it was their turn, and why. */
  readonly skipped: readonly { readonly target: string; readonly reason: string }[]
  /** Whether no target answered, so that the answer is from `lastResort` or is a stale one from the cache. */
  readonly degraded: boolean
  /** How the cache handled the call; undefined without a cache, or if the call did not reach it. */
  readonly cache: CacheRecord | undefined
  /**
   * Set if the call shared its request with other embedding calls. `size` is the number of calls in the request, including this one.
   * `usage` and `cost` are the share of this call.
   */
  readonly batch: { readonly size: number } | undefined
}

/**
 * How an answer is checked. `json`: it was read whole, and is an answer. `stream`: it is held until its first content, watched by a clock,
 * and must prove its end. `none`: it is passed on as it arrives, since Harbor does not know its endpoint or its format. A stream of such an
 * endpoint that ends early looks like a complete one.
 */
export type AnswerGuard = 'json' | 'stream' | 'none'

/** How the cache handled a call. */
export interface CacheRecord {
  /**
   * `hit`: answered from the cache. `stale`: answered from the cache, with an expired answer. `miss`: answered by a provider. `shared`:
   * answered together with an identical call that was in flight. `bypass`: the cache was not used.
   */
  readonly status: 'hit' | 'stale' | 'miss' | 'shared' | 'bypass'
  /** The reason for the status: `absent`, `expired`, `load-failed`, `not-repeatable`. */
  readonly reason: string
  /** How long ago the answer was stored, in milliseconds. */
  readonly ageMs: number
  /**
   * True if the answer was stored, otherwise the reason why not. Undefined while this is undecided, and if there was no answer to store.
   */
  readonly stored?: true | string | undefined
}

/** One request sent to a provider. */
export interface AttemptRecord {
  /** The number of the attempt within the call, from 1. */
  readonly number: number
  readonly target: string
  /** The index of the key in the provider's list of keys; undefined if the provider has one key, or the call brought its own. */
  readonly keyIndex: number | undefined
  /** The changes that were made to the request for this target besides address, credential and model, in words. */
  readonly adaptations: readonly string[]
  /** When the attempt started, in milliseconds since the epoch. */
  readonly startedAt: number
  readonly durationMs: number | undefined
  /** How long the call waited before this attempt, in milliseconds; `waitedFor` is the reason. */
  readonly waitedMs: number
  readonly waitedFor: 'nothing' | 'backoff' | 'retry-after' | 'limit'
  /** HTTP status of the answer; undefined without an answer. */
  readonly status: number | undefined
  /** The provider's id of the request, from `x-request-id` or `request-id`. */
  readonly requestId: string | undefined
  /** Why the attempt failed; undefined if it succeeded or is in flight. */
  readonly failure: AttemptFailure | undefined
}

/** Why an attempt failed. */
export interface AttemptFailure {
  readonly kind: FailureKind
  /** The error code of the provider or of the transport. */
  readonly code: string | undefined
  /** Whether the request was sent but not answered, so that the provider may have carried it out. */
  readonly ambiguous: boolean
  /** The wait requested by the provider, in milliseconds. */
  readonly retryAfterMs: number | undefined
}

/** Tokens as reported by the provider. The more specific counts are included in `inputTokens` or `outputTokens`. */
export interface TokenUsage {
  readonly inputTokens: number
  readonly outputTokens: number
  /** Input that was read from the provider's cache. */
  readonly cachedInputTokens: number
  /** Input that was written to the provider's cache, whatever its time to live. */
  readonly cacheWriteInputTokens: number
  /** How many tokens of `cacheWriteInputTokens` were written for each time to live; the rest is unknown. Undefined if none is reported. */
  readonly cacheWriteTokensByTtl?: Readonly<Partial<Record<CacheTtl, number>>> | undefined
  readonly audioInputTokens: number
  readonly reasoningTokens: number
  readonly audioOutputTokens: number
  /** Output tokens of images that the model made. Undefined if the provider does not report them apart. */
  readonly imageOutputTokens?: number | undefined
  /** How often the provider ran each of its own tools, by the provider's name for the count, such as `web_search_requests`. */
  readonly serverToolUses?: Readonly<Record<string, number>> | undefined
}

/** The cost of a call, and how it was determined. */
export interface CallCost {
  readonly usd: number
  /** Whether the provider reported the tokens, or Harbor estimated them from the text that was sent and received. */
  readonly usage: 'reported' | 'estimated'
  /** Source of the price: your own (`own`), the price list (`list`), or a cost reported by the provider itself (`provider`). */
  readonly price: 'own' | 'list' | 'provider'
  /**
   * How the provider was found in the price list: by its URL or, behind a gateway, by the name or the kind of its entry in `providers`.
   */
  readonly listedBy?: 'address' | 'entry-name' | 'kind'
}

/** The property in which an object carries the receipt of its call. */
const RECEIPT: unique symbol = Symbol('harbor.receipt')

/**
 * Attaches a receipt to one of Harbor's own objects by assignment. This is much cheaper than `attachReceipt`, but makes the property
 * enumerable, which does not matter for these objects.
 */
export function carryReceipt(holder: Response | Headers, receipt: Receipt): void {
  ;(holder as { [RECEIPT]?: Receipt })[RECEIPT] = receipt
}

/** Attaches a receipt to an object that is returned to the caller: a result, an error, a response, or its headers. */
export function attachReceipt(holder: unknown, receipt: Receipt): void {
  if (typeof holder !== 'object' || holder === null || !Object.isExtensible(holder)) return
  Object.defineProperty(holder, RECEIPT, { value: receipt, enumerable: false, configurable: true })
}

/**
 * The receipt of a call.
 * @param holder the value that the call returned or threw: a result, a stream, a `Response`, or an error. A helper, such as
 * `chat.completions.stream()`, has the receipt of its latest call once that call has started
 * @returns undefined for an object that is not from Harbor, and for a call that its caller aborted
 */
export function receiptOf(holder: unknown): Receipt | undefined {
  if (typeof holder !== 'object' || holder === null) return undefined
  // An API error has the headers of its response, and a page of a list has the response itself.
  const { headers, response } = holder as { headers?: unknown; response?: unknown }
  return (
    attachedReceipt(holder) ?? attachedReceipt(headers) ?? attachedReceipt(response) ?? helperReceipt(holder)
  )
}

/**
 * The receipt of the latest call of an SDK helper. The helper hides its response, but uses the signal of its controller for all its calls,
 * and the receipt is attached to that signal.
 */
function helperReceipt({ controller }: { controller?: unknown }): Receipt | undefined {
  return controller instanceof AbortController ? attachedReceipt(controller.signal) : undefined
}

function attachedReceipt(holder: unknown): Receipt | undefined {
  if (typeof holder !== 'object' || holder === null) return undefined
  return (holder as { [RECEIPT]?: Receipt })[RECEIPT]
}
