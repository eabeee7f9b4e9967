import type { Ledger, BatchPart } from './state/ledger.ts'
import type { StateRecord } from './state/state-store.ts'
import type { BatchItemError, BatchItemReason } from './errors.ts'
import type { ProviderBatchRequest } from './contracts.ts'
import type { RequestLines } from './request-lines.ts'
import type { Retrier } from './retrier.ts'

/** The batch API of a vendor, as a run needs it. What this file does not name is the same for all vendors. */
export interface BatchVendor {
  /** The endpoint that answers the requests. A state belongs to one endpoint. */
  readonly endpoint: string
  /**
   * Whether requests that have no answer are read from this machine, because the vendor returns no submitted requests. If so, `VendorRun.hold` gets the
   * requests of each part, and the state records which requests are submitted again.
   */
  readonly holdsRequests: boolean
  /** Encodes a request as a line. `index` is its position in the source, counted from 0. */
  readonly encode: (request: ProviderBatchRequest, index: number) => string
  /** Begins a run, whose state is read already. */
  begin(context: VendorContext): VendorRun
}

export interface VendorContext {
  readonly ledger: Ledger
  readonly retrier: Retrier
}

/** One run at a vendor. */
export interface VendorRun {
  /** Takes the requests of a part from the source, for `input` and `submit`. */
  hold(part: BatchPart, lines: RequestLines): Promise<void>
  /** Drops the requests of a part that all have their results, and of all parts made from it. */
  release(part: BatchPart): Promise<void>
  /** Drops all requests. */
  close(): Promise<void>
  /** Creates the batch of a part, but never a second one. */
  submit(part: BatchPart, options: SubmitOptions): Promise<Submission>
  /**
   * Returns the state of a batch.
   *
   * @throws an error with status 404 if the provider does not find the batch
   */
  look(batchId: string): Promise<BatchLook>
  /** Returns how a batch has ended that the provider does not find, at poll after poll. @throws if that is unknown */
  endOfGone(part: BatchPart): EndFacts
  /** Asks the provider to cancel a batch. */
  cancel(batchId: string): PromiseLike<unknown>
  /** Returns the id of a batch that exists at the provider, although the call that creates it has not returned; undefined for none. */
  unconfirmed(retrier: Retrier): Promise<string | undefined>
  /**
   * Finds the batch of a part that may have been created without being recorded, and records it. Returns undefined if there is none, and `later` if that
   * is not known yet.
   */
  adopt(part: BatchPart): Promise<Submission | undefined>
  /** Yields the requests of a part, in their order. */
  input(part: BatchPart): AsyncGenerator<InputRequest, void, undefined>
  /** Yields what the results of an ended part say, also of requests that are in another part. May leave out the rest once `isDone` returns true. */
  results(part: BatchPart, isDone: () => boolean): AsyncGenerator<LineOutcome, void, undefined>
}

export interface SubmitOptions {
  /** Reads the requests of the part, if the vendor does not hold them. */
  lines: () => Promise<RequestLines>
  /** Whether an earlier process may have created the batch of this part already. */
  resumed: boolean
  /** Whether batches of this run are in progress. */
  hasActive: boolean
}

/**
 * The batch of a part: its id, or that the part is tried again after the next poll. `part`: it is not known yet whether the provider has created the
 * batch, but other parts may be submitted. `all`: the provider takes no batch now, so no part is submitted before the next poll.
 */
export type Submission = { batchId: string } | { later: 'part' | 'all' }

export type EndFacts = Omit<Extract<StateRecord, { type: 'ended' }>, 'type' | 'part'>

/** The state of a batch at the provider. */
export interface BatchLook {
  /** The provider's own word. */
  status: string
  /** Whether the provider has not yet decided whether it takes the batch. */
  isValidating: boolean
  /** How the batch has ended; undefined while it is in progress. */
  end: EndFacts | undefined
  /** Whether an ended batch lacks results that it should have, according to the provider's counts. */
  lacksResults: boolean
}

/** A request as it was submitted. */
export interface InputRequest {
  id: string
  body: object
  /** Its position in the source, for a vendor whose requests are held on this machine; otherwise its position in the part. */
  index: number
}

/** The outcome of a request, read from one line of the results. */
export type LineOutcome =
  | { id: string; kind: 'value'; value: unknown }
  | { id: string; kind: 'error'; error: BatchItemError }
  /** The request was not answered, and may be submitted again. `error` is reported if it is not. */
  | { id: string; kind: 'unanswered'; reason: BatchItemReason; error?: BatchItemError }
