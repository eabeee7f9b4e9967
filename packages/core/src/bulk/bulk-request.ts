import type { ApiRequest } from '../call/api-request.ts'
import type { CacheRecord, TokenUsage } from '../reporting/receipt.ts'

/** One request of a bulk run, as a line of a batch file has it. */
export type BulkRequest = ApiRequest & {
  /** What its result is known by. @default its place in the source */
  readonly custom_id?: string | undefined
  /** There is no other. */
  readonly method?: 'POST' | undefined
}

/** What one request of a bulk run was answered. JSON carries it, for the journal. */
export interface BulkAnswer {
  /** The body of the answer, as the SDK gives it. */
  readonly body: unknown
  /** Who answered. */
  readonly target: string
  readonly usage?: TokenUsage | undefined
  /** What it cost in US dollars; left out when nobody knows, and when it cost nothing. */
  readonly usd?: number | undefined
  /** How the cache had part in it. */
  readonly cache?: CacheRecord['status'] | undefined
}
