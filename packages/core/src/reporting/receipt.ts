import type { FailureKind } from '@harbor/retry'
import type { ClockName } from '../base/errors.ts'
import type { AttemptRecord, WaitRecord } from './attempt-record.ts'
import type { Labels } from './labels.ts'
import type { CacheTtl } from './price.ts'

/** The record of one call, as plain data. Contains no prompt, no answer and no key. */
export interface Receipt {
  /** Identifies the call in events and logs. Unique across processes. */
  readonly id: string
  /** What the request asks for, such as `chat`, `responses`, `embeddings` or `messages`; `other` for an endpoint that belongs to no protocol. */
  readonly operation: string
  /**
   * The name of the target that answered, such as `openai/gpt-4`, or of the target called last if none answered. `last resort` if the answer is that
   * of the option `lastResort`. Only the name of the provider if the request names no model.
   */
  readonly target: string
  /** The model that the caller requested; undefined if the request names none. The model that answered is in `target`. */
  readonly model: string | undefined
  /** Whether the caller requested a stream, by the body or the URL of the request. */
  readonly streaming: boolean
  /** The labels of the call: those of the client, of its copy, and those passed with the call. An empty object if there are none. */
  readonly labels: Labels
  /** Whether the call was a prefetch, which Harbor made itself to fill the cache. */
  readonly isPrefetch: boolean
  /** Every request sent to a provider, in order, retries and hedges included; empty if the cache answered or nothing was sent. */
  readonly attempts: readonly AttemptRecord[]
  /**
   * The waits of the call, in order. Waits and attempts together make up the duration of the call. A wait of less than 0.1 ms is left out.
   * During a `hedge-delay`, an attempt is in flight.
   */
  readonly waits: readonly WaitRecord[]
  /**
   * How the call ended: `success`, `failure` or `aborted` (by its caller, or because its client or bulk run was stopped). `pending` while it runs; a
   * stream runs until it was read or cancelled.
   */
  readonly outcome: 'pending' | 'success' | 'failure' | 'aborted'
  /** Why the call failed, even if nothing was sent. Undefined unless `outcome` is `failure`. */
  readonly failure: CallFailure | undefined
  /** When the call started, in milliseconds since the epoch. */
  readonly startedAt: number
  /** When the call ended, in milliseconds since the epoch; for a stream, when the stream ended. Undefined while the call runs. */
  readonly endedAt: number | undefined
  /** The duration of the whole call, in milliseconds; for a stream, until it ended. Undefined while the call runs. */
  readonly durationMs: number | undefined
  /** The total time that the call waited before its attempts, in milliseconds: for retries and for rate limits. */
  readonly waitMs: number
  /** For a stream: the time from the start of the call to the first content, in milliseconds. Undefined before that, and for other calls. */
  readonly firstContentMs: number | undefined
  /**
   * How the answer was checked before the caller got it: see `AnswerGuard`. Undefined before a provider has answered, and if the answer
   * came from the cache or was shared with an identical call.
   */
  readonly guard: AnswerGuard | undefined
  /** The tokens as counted by the provider; undefined if it reported none, and until the answer is complete. */
  readonly usage: TokenUsage | undefined
  /**
   * The number of tokens for which the provider bills the answer, prompt included, and whether the provider reported it. Without a report, it is an
   * estimate from the text that was sent and received. Undefined until the answer has ended, without an answer, and for cached and shared answers.
   */
  readonly billedTokens:
    | {
        /** The number of tokens of the prompt and the answer. */
        readonly count: number
        /** `reported`: the provider counted all of them. `estimated`: Harbor estimated them, or some of them. */
        readonly source: 'reported' | 'estimated'
      }
    | undefined
  /**
   * The service tier reported in the answer, such as `flex` or `priority`; undefined if there is none. Other facts on which the price
   * depends follow after a colon: a region (`fast:us`), or the time within which a background response is due (`default:8h`).
   */
  readonly serviceTier: string | undefined
  /**
   * The cost of the answer. Undefined while the call runs, if the call used no tokens, or if the price is unknown. Cached and shared answers have
   * none.
   */
  readonly cost: CallCost | undefined
  /** The provider's finish reasons, such as `stop`, one for each choice; empty until the answer is complete. */
  readonly finishReasons: readonly string[]
  /**
   * The provider's id of the answer, such as `resp_…`; undefined if it sends none. Set as soon as the provider reports it; see `perCall({
   * onResponseId })`.
   */
  readonly responseId: string | undefined
  /** The number of `attempts` that were sent and failed without a valid answer; the provider may have billed them. */
  readonly possiblyBilled: number
  /** The highest possible cost of the attempts in `possiblyBilled`, in US dollars, as far as their prices are known. Not part of `cost`. */
  readonly possiblyBilledUsd: number
  /**
   * The highest possible number of tokens of the attempts in `possiblyBilled`: their prompts, and the longest answers that the requests allow. An
   * estimate. Not part of `usage`.
   */
  readonly possiblyBilledTokens: number
  /** The cost saved because the answer came from the cache or was shared with an identical call, in US dollars. Not part of `cost`. */
  readonly savedUsd: number
  /** The number of redirects that were followed. Each of them is one more request within its attempt. */
  readonly redirects: number
  /** The targets that were not called when it was their turn, in order. */
  readonly skipped: readonly {
    /** The name of the target, such as `openai/gpt-4`. */
    readonly target: string
    /** Why it was not called, in words, such as `its circuit is open`. */
    readonly reason: string
  }[]
  /** Whether the caller got a substitute because no target answered: the answer of `lastResort`, or a stale one from the cache. */
  readonly degraded: boolean
  /** How the cache handled the call; undefined if there is no cache, or if the call ended before it reached the cache. */
  readonly cache: CacheRecord | undefined
  /**
   * Set if the call shared its request with other embedding calls. `size` is the number of calls in the request, including this one. The
   * `usage` and `cost` of the receipt are then this call's share.
   */
  readonly batch:
    | {
        /** The number of calls in the request, including this one. */
        readonly size: number
      }
    | undefined
}

/** Why a call failed: facts of the error with which it rejected or its stream ended. The message is left out, because it may quote the request. */
export interface CallFailure {
  /** What went wrong, in one word, such as `rate-limit`, `timeout` or `network`: a `FailureKind` of `@harbor/retry`. */
  readonly kind: FailureKind
  /** The error code of the provider, of the transport or of Harbor, such as `breaker_open`; undefined if there is none. */
  readonly code: string | undefined
  /** The HTTP status of the provider's answer; undefined without an answer. */
  readonly status: number | undefined
  /** Which of Harbor's timeouts was exceeded; undefined for other failures. */
  readonly clock: ClockName | undefined
}

/**
 * How Harbor checks an answer. `json`: Harbor reads the whole answer and checks that it is valid. `stream`: Harbor holds the stream back
 * until its first content, limits the pauses between contents, and requires proof that the answer is complete. `none`: Harbor passes the
 * answer on unchecked, because it does not know the endpoint or the format. If a stream of this kind ends early, it still looks complete.
 */
export type AnswerGuard = 'json' | 'stream' | 'none'

/** How the cache handled a call. */
export interface CacheRecord {
  /**
   * `hit`: answered from the cache. `stale`: answered from the cache, with an answer older than its `ttlMs`. `miss`: answered by a
   * provider. `shared`: answered with the answer to an identical call that was in flight. `bypass`: answered without the cache.
   */
  readonly status: 'hit' | 'stale' | 'miss' | 'shared' | 'bypass'
  /** Why the call has this status, in one word, such as `absent`, `expired`, `load-failed` or `not-repeatable`. */
  readonly reason: string
  /** How long ago the answer was stored in the cache, in milliseconds; 0 for a new answer. */
  readonly ageMs: number
  /**
   * True if the answer was stored in the cache, otherwise the reason why not. Undefined while this is undecided, and if there was no answer
   * to store.
   */
  readonly stored?: true | string | undefined
  /** Set if the answer was cached for another text of the same meaning: see the option `cache.semantic`. */
  readonly semantic?:
    | {
        /** The cosine similarity of both texts. */
        readonly similarity: number
      }
    | undefined
}

/**
 * The tokens of a request, as the provider reported them. `inputTokens` and `outputTokens` are totals: they include special kinds of tokens, such as
 * cached input. What a provider does not report is 0, unless a field says otherwise.
 */
export interface TokenUsage {
  /** All tokens of the prompt: cached ones, cache writes and audio are included. */
  readonly inputTokens: number
  /** All tokens of the answer: reasoning, audio and images are included. */
  readonly outputTokens: number
  /** The number of tokens that were read from the provider's prompt cache. Included in `inputTokens`, also for Anthropic. */
  readonly cachedInputTokens: number
  /**
   * The number of tokens that were written to the provider's prompt cache, whatever their time to live. Included in `inputTokens`, also for
   * Anthropic.
   */
  readonly cacheWriteInputTokens: number
  /**
   * How many of the `cacheWriteInputTokens` were written for each time to live. The time to live of the rest is unknown. Undefined if the
   * provider reports none.
   */
  readonly cacheWriteTokensByTtl?: Readonly<Partial<Record<CacheTtl, number>>> | undefined
  /** The number of input tokens that are audio. Included in `inputTokens`. */
  readonly audioInputTokens: number
  /** The number of tokens that the model used for reasoning. Included in `outputTokens`. */
  readonly reasoningTokens: number
  /** The number of output tokens that are audio. Included in `outputTokens`. */
  readonly audioOutputTokens: number
  /**
   * The number of output tokens of images that the model made. Included in `outputTokens`. Undefined if the provider does not report them
   * separately.
   */
  readonly imageOutputTokens?: number | undefined
  /**
   * How often the provider ran each of its own tools, such as `{ web_search_requests: 2 }`. The keys are the provider's names for these counts. OpenAI
   * and Google report no counts; for them, Harbor counts the uses in the answer, under names such as `file_search_requests` and `google_search_queries`.
   * Undefined if there was no use.
   */
  readonly serverToolUses?: Readonly<Record<string, number>> | undefined
}

/** The cost of a call, and how it was determined. */
export interface CallCost {
  /** The cost in US dollars. If `unpriced` is set, the real cost is higher. */
  readonly usd: number
  /**
   * The names of the parts of the call whose price is unknown, so that `usd` is too low: tools that the provider ran, as in `usage.serverToolUses`,
   * and other models that the provider let answer. Undefined if the cost is complete.
   */
  readonly unpriced?: readonly string[]
  /** Whether the provider reported the tokens, or Harbor estimated them from the text that was sent and received. */
  readonly usage: 'reported' | 'estimated'
  /** The source of the price: your own price (`own`), the price list (`list`), or a cost that the provider itself reported (`provider`). */
  readonly price: 'own' | 'list' | 'provider'
  /**
   * How the provider was found in the price list. `address`: by its URL. `entry-name`, `kind`: by the name or the kind of its entry in `providers`,
   * because the URL belongs to a gateway. Undefined unless `price` is `list`.
   */
  readonly listedBy?: 'address' | 'entry-name' | 'kind'
}

/** The property in which an object carries the receipt of its call. */
const RECEIPT: unique symbol = Symbol.for('harbor.receipt')

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
 * Returns the receipt of a call.
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
 * Returns the receipt of the latest call of an SDK helper, such as `chat.completions.stream()`. The helper hides its responses, but it uses
 * one controller for all its calls, and the receipt is attached to the signal of that controller.
 */
function helperReceipt({ controller }: { controller?: unknown }): Receipt | undefined {
  return controller instanceof AbortController ? attachedReceipt(controller.signal) : undefined
}

function attachedReceipt(holder: unknown): Receipt | undefined {
  if (typeof holder !== 'object' || holder === null) return undefined
  return (holder as { [RECEIPT]?: Receipt })[RECEIPT]
}
