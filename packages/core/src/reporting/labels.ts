/**
 * Names and values that describe a call, such as `{ tenant: 'acme', feature: 'search' }`. They alone do not separate cached answers: see
 * the option `labels`.
 */
export type Labels = Readonly<Record<string, string>>

/** The labels of a call that has none. Such calls share this object, so that it need not be made for each of them. */
export const NO_LABELS: Labels = Object.freeze({})

/** Statistics of the calls with one value of a label, since the client was created. Calls without labels are not counted here. */
export interface LabelStats {
  /** The number of finished calls, failed and aborted ones included; prefetches do not count. */
  readonly calls: number
  /** The number of `calls` that failed. */
  readonly failures: number
  /** The number of `calls` that their callers aborted. They do not count as `failures`. */
  readonly aborted: number
  /** The number of requests that these calls sent to providers, prefetches included. */
  readonly attempts: number
  /** The input tokens in the receipts of these calls, prefetches and cached input included. */
  readonly inputTokens: number
  /** The output tokens in the receipts of these calls, prefetches and reasoning included. */
  readonly outputTokens: number
  /** The cost of these calls, in US dollars, as in their receipts. A call that shared the answer of another call costs nothing. */
  readonly spentUsd: number
  /** The number of `attempts` that failed, and that the provider may have carried out and billed. */
  readonly possiblyBilled: number
}
