import type { Attempt, Failure } from './observed-attempt.ts'
import type { Client } from './observed-client.ts'

// What Harbor reports to an observer, as far as it is read here. The types of `@harbor/core` can be assigned to these; a test proves it.

/** The tokens of a call, as the provider reported them. `inputTokens` and `outputTokens` are totals, which include the other numbers. */
export interface Usage {
  /** All tokens of the prompt: cached ones and cache writes are included. */
  readonly inputTokens: number
  /** All tokens of the answer: reasoning is included. */
  readonly outputTokens: number
  /** The number of tokens that were read from the provider's prompt cache. Included in `inputTokens`. */
  readonly cachedInputTokens: number
  /** The number of tokens that were written to the provider's prompt cache. Included in `inputTokens`. */
  readonly cacheWriteInputTokens: number
  /** The number of tokens that the model used for reasoning. Included in `outputTokens`. */
  readonly reasoningTokens: number
}

/** The record of one call. */
export interface CallReceipt {
  /** Identifies the call. */
  readonly id: string
  /** The name of the target that answered, or of the target called last if none answered. */
  readonly target?: string | undefined
  /** The labels of the call; empty or undefined if there are none. */
  readonly labels?: Readonly<Record<string, string>> | undefined
  /** Every request sent to a provider, in order, retries and hedges included. */
  readonly attempts: readonly Attempt[]
  /** How the call ended: `success`, `failure` or `aborted`; `pending` while it runs. */
  readonly outcome: string
  /** Why the call failed. Undefined unless `outcome` is `failure`. */
  readonly failure?: Failure | undefined
  /** When the call started, in milliseconds since the epoch. */
  readonly startedAt: number
  /** When the call ended, in milliseconds since the epoch; undefined while it runs. */
  readonly endedAt?: number | undefined
  /** The duration of the whole call, waits included, in milliseconds; undefined while it runs. */
  readonly durationMs?: number | undefined
  /** For a stream: the time from the start of the call to the first content, in milliseconds. Undefined before that, and for other calls. */
  readonly firstContentMs?: number | undefined
  /** The tokens as counted by the provider; undefined if it reported none, and until the answer is complete. */
  readonly usage?: Usage | undefined
  /** The cost of the answer; undefined while the call runs, for a cached answer, and if the price is unknown. */
  readonly cost?:
    | {
        /** The cost in US dollars. */
        readonly usd: number
        /** How the tokens were counted: by the provider (`reported`) or by Harbor (`estimated`). */
        readonly usage?: string | undefined
      }
    | undefined
  /** The highest possible cost of attempts that failed and may have been billed, in US dollars. Not part of `cost`. */
  readonly possiblyBilledUsd?: number | undefined
  /** The highest possible number of tokens of those attempts: an estimate. Not part of `usage`. */
  readonly possiblyBilledTokens?: number | undefined
  /** The number of tokens for which the answer is billed, as reported or estimated; undefined without an answer, or if it is not known. */
  readonly billedTokens?: { readonly count: number; readonly source: string } | undefined
  /** The cost saved because the answer came from the cache or was shared with an identical call, in US dollars. Not part of `cost`. */
  readonly savedUsd?: number | undefined
  /** The provider's finish reasons, such as `stop`, one for each choice. */
  readonly finishReasons?: readonly string[] | undefined
  /** The provider's id of the answer; undefined if it sends none. */
  readonly responseId?: string | undefined
  /** The targets that were skipped, in order. */
  readonly skipped?:
    | readonly {
        /** The name of the target. */
        readonly target: string
      }[]
    | undefined
  /** Whether the caller got a substitute because no target answered. */
  readonly degraded?: boolean | undefined
  /** How the cache handled the call; undefined if the call did not reach a cache. */
  readonly cache?:
    | {
        /** `hit`, `stale`, `miss`, `shared` or `bypass`. */
        readonly status: string
        /** Why the call has this status, in one word, such as `absent` or `expired`. */
        readonly reason: string
        /** How long ago the answer was stored in the cache, in milliseconds; 0 for a new answer. */
        readonly ageMs: number
      }
    | undefined
}

/** What a call asks for, before a target is chosen. */
export interface CallRequest {
  /** What the request asks for, such as `chat` or `embeddings`. */
  readonly operation: string
  /** The name of the provider to which the call is addressed. */
  readonly provider: string
  /** The requested model; undefined if the request names none. */
  readonly model: string | undefined
  /** Whether the caller requested a stream. */
  readonly streaming: boolean
  /** The origin and the path of the request, without its query. */
  readonly url: string
}

/** A call that begins. */
export interface StartedCall {
  /** The record of the call. It is updated while the call runs. */
  readonly receipt: CallReceipt
  /** What the call asks for. */
  readonly request: CallRequest
  /** `call` for a call of a caller; `upstream` for a call that Harbor makes for one or more callers, or for a prefetch. */
  readonly role: string
  /** When the time limit of the whole call is reached, in milliseconds since the epoch; undefined if there is no limit. */
  readonly deadlineAt?: number | undefined
  /** Returns what is left now of the money from which the call is paid, in US dollars; undefined without a spend limit. */
  readonly leftUsd?: (() => number) | undefined
  /** The client that makes the call; undefined if its state cannot be read. */
  readonly client?: Client | undefined
}
