import type { ApiRequest } from '../call/api-request.ts'
import type { CacheRecord, TokenUsage } from '../reporting/receipt.ts'
import type { BulkRoute } from './auto/bulk-plan.ts'

/** One request of a bulk run, in the format of a line of a file for OpenAI's Batch API. */
export type BulkRequest = ApiRequest & {
  /** The id of the result. @default the position of the request in the source, from 0: `'0'`, `'1'` and so on */
  readonly custom_id?: string | undefined
  /** The HTTP method. Only `POST` is possible, and it may be left out. */
  readonly method?: 'POST' | undefined
}

/** The answer to one request of a bulk run. Serializable as JSON, for the journal. */
export interface BulkAnswer {
  /** The body of the answer, as the SDK returns it. */
  readonly body: unknown
  /** The target that answered, such as `openai/gpt-4`. */
  readonly target: string
  /** The tokens as counted by the provider; left out if it reported none. */
  readonly usage?: TokenUsage | undefined
  /** The cost in US dollars; left out if the cost is unknown, or if the answer cost nothing. */
  readonly usd?: number | undefined
  /** How the cache handled the request, as in `CacheRecord`; left out without a cache, and with `via: 'provider'`. */
  readonly cache?: CacheRecord['status'] | undefined
  /** How the request was answered, with `via: 'auto'`; left out otherwise. */
  readonly route?: BulkRoute | undefined
}
