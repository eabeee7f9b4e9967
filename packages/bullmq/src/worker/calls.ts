import { runBulk, type BulkContext, type BulkRun, type CallReport, type RunItem } from '@harbor/batch'
import type { JobData } from '../wire/job-data.ts'

/** A client of Harbor, as far as a worker uses it. */
export interface BulkClient {
  bulk(
    source: AsyncIterable<never>,
    options?: { readonly id?: undefined; readonly concurrency?: number; readonly patienceMs?: number },
  ): BulkRun<unknown>
}

/** An item at a worker, and what the worker reports of it. */
export interface Delivery {
  readonly data: JobData
  readonly item: unknown
  report: CallReport
}

/** Starts the calls of one run: a bulk run over the items that are pushed into its source. Its results have the positions of their items. */
export type StartCalls = (source: AsyncIterable<Delivery>) => BulkRun<unknown>

export interface CallOptions {
  readonly concurrency: number
  readonly patienceMs: number
}

/** @param run the function for one item, or a client of Harbor, for which an item is a line of a batch file */
export function callsOf(
  run: RunItem<never, unknown> | BulkClient,
  { concurrency, patienceMs }: CallOptions,
): StartCalls {
  if (typeof run !== 'function') {
    return (source) =>
      // Without ids, the run compares none: an item may come again after it was given back.
      run.bulk(itemsOf(source) as AsyncIterable<never>, { id: undefined, concurrency, patienceMs })
  }
  return (source) =>
    runBulk(
      source,
      (delivery, context) => run(delivery.item as never, new WorkerContext(delivery, context)),
      { concurrency },
    )
}

async function* itemsOf(source: AsyncIterable<Delivery>): AsyncGenerator<unknown, void, undefined> {
  for await (const { item } of source) yield item
}

/** The context of a call at a worker: the facts are those of the coordinator's run, the signals those of the worker. */
class WorkerContext implements BulkContext {
  readonly id: string
  readonly index: number
  readonly attempt: number
  readonly idempotencyKey: string
  readonly #delivery: Delivery
  readonly #context: BulkContext

  constructor(delivery: Delivery, context: BulkContext) {
    const { id, index, attempt, idempotencyKey } = delivery.data
    this.id = id
    this.index = index
    this.attempt = attempt
    this.idempotencyKey = idempotencyKey
    this.#delivery = delivery
    this.#context = context
  }

  get signal(): AbortSignal {
    return this.#context.signal
  }

  get stopSignal(): AbortSignal {
    return this.#context.stopSignal
  }

  get waits(): BulkContext['waits'] {
    return (reason) => this.#context.waits(reason)
  }

  /** Works without `this`, so that it can be destructured from the context. */
  get report(): BulkContext['report'] {
    return (outcome) => {
      this.#delivery.report = { ...this.#delivery.report, ...outcome }
    }
  }
}
