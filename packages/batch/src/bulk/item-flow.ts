import type { AttemptHost } from './attempt.ts'
import type { BulkSettings } from './bulk-options.ts'
import type { BulkProgress, BulkResult } from './bulk-run.ts'
import { ItemAdmission } from './item-admission.ts'
import { itemCall, type RunItem } from './item-call.ts'
import { ItemsInFlight } from './items-in-flight.ts'
import { JournaledResults } from './journaled-results.ts'
import { InputOrder, ResultQueue } from './result-queue.ts'
import { lengthOf, SourceReader, type BulkSource } from './source-reader.ts'
import type { Task } from './task.ts'

/** The functions of the run that ItemFlow calls. */
export interface ItemFlowHost {
  /** Whether the run has ended, so that further results are discarded. */
  readonly isOver: () => boolean
  /** Whether the run was stopped and has not ended yet. */
  readonly isStopping: () => boolean
  /** Called for each new result, but not for results from the journal. Only with the option `stopWhen`. */
  onSettled(): void
  /** Called when no items are in flight and none could be started. */
  onIdle(): void
  /** Called when the source has failed. */
  onSourceFailure(error: unknown): void
  /** Called when the journal can no longer be written or read. */
  readonly onJournalFailure: (error: unknown) => void
}

/**
 * Moves items from the source to the function, and their results to the journal and the consumer. An item holds a slot from its start until its
 * result is durable. No items start while all slots are in use, or while too many results wait for the consumer.
 */
export class ItemFlow<Item, Result> {
  readonly journaled: JournaledResults<Result> | undefined
  readonly results: ResultQueue<BulkResult<Result>>
  readonly inFlight: ItemsInFlight<Item, Result>
  /** Whether items may be started and read. */
  isOpen = false
  readonly #settings: BulkSettings<Item>
  readonly #host: ItemFlowHost
  readonly #counters: AttemptHost['counters']
  readonly #source: BulkSource<Item>
  readonly #admission: ItemAdmission<Item>
  readonly #inputOrder: InputOrder<BulkResult<Result>> | undefined
  #reader: SourceReader<Item> | undefined
  /** The number of items started. */
  #started = 0
  #isPumping = false

  constructor(
    source: BulkSource<Item>,
    run: RunItem<Item, Result>,
    settings: BulkSettings<Item>,
    shared: AttemptHost,
    host: ItemFlowHost,
  ) {
    const { counters } = shared
    this.#settings = settings
    this.#host = host
    this.#source = source
    this.#counters = counters
    this.#admission = new ItemAdmission(settings, counters)
    this.results = new ResultQueue(() => {
      this.journaled?.proceed()
      this.pump()
    })
    const { isOver, isStopping, onJournalFailure: onError } = host
    if (settings.journal !== undefined) {
      this.journaled = new JournaledResults(settings.journal, {
        results: this.results,
        counters,
        slots: () => this.#slots(),
        isOver,
      })
    }
    this.inFlight = new ItemsInFlight(itemCall(run, settings, shared), {
      clock: settings.clock,
      journaled: this.journaled,
      isOver,
      isStopping,
      onResult: (task, result, nowMs) => this.#settle(task, result, nowMs),
      onUnsent: (task) => {
        counters.dropUnsent()
        this.#inputOrder?.skip(task.startOrder)
        this.pump()
      },
      onError,
    })
    if (settings.order === 'input') {
      this.#inputOrder = new InputOrder((result) => this.results.put(result))
    }
  }

  /** Creates the iterator of the source. @throws the error of the source, if it cannot be iterated */
  openSource(): void {
    this.#reader = new SourceReader(this.#source, {
      admit: (item) => {
        const task = this.#admission.admit(item, this.journaled)
        if (!this.#host.isOver()) return task
        this.#counters.dropAll() // The user's `id` function has ended the run.
        return undefined
      },
      onChange: () => this.pump(),
      onFailure: (error) => this.#host.onSourceFailure(error),
    })
  }

  /** Opens the journal, and yields the results of earlier runs, except with `order: 'input'`. @returns the key of the journal */
  async resume(journaled: JournaledResults<Result>): Promise<string | undefined> {
    const key = await journaled.open(this.#settings.fingerprint)
    // With `order: 'input'`, each result in the journal is read when its item is read from the source.
    if (!this.#inputOrder) await journaled.yieldAll()
    return key
  }

  /** Reads and starts as many items as the limits allow. Must be called after every change that may free a slot or make an item available. */
  pump(): void {
    // The user's functions may cause another call of `pump()`.
    if (this.#isPumping || !this.#reader) return
    this.#isPumping = true
    while (this.isOpen && this.#hasRoom()) {
      const task = this.#reader.take()
      if (!task) break
      task.startOrder = this.#started++
      if (!task.isJournaled) this.#counters.started++
      this.inFlight.start(task)
    }
    if (this.isOpen) {
      const { readAhead = this.#slots() } = this.#settings
      this.#reader.readAhead(this.#hasRoom() ? Math.max(readAhead, 1) : readAhead)
    }
    this.#isPumping = false
    if (this.inFlight.size === 0) this.#host.onIdle()
  }

  /** Whether the source has ended and all items that were read have been started. */
  get isSourceDone(): boolean {
    return this.#reader?.isDone === true
  }

  /** The number of items in the source, if known. */
  get total(): number | undefined {
    return this.#settings.total ?? lengthOf(this.#source)
  }

  /** Whether a stopped run has nothing left to do: no started item was dropped, and the source has no further item. */
  isComplete(): boolean {
    return (
      this.#counters.dropped.started === 0 &&
      this.#reader?.endsHere(this.#admission.count, this.total) === true
    )
  }

  /** Returns the value of `BulkProgress.waitingOn`, for a run that has started. */
  waitingOn(phase: 'opening' | 'running' | 'finishing'): BulkProgress['waitingOn'] {
    if (this.#isHeldBack()) return 'consumer'
    if (phase === 'opening') return 'journal'
    if (phase === 'running' && this.inFlight.size < this.#slots() && !this.isSourceDone) return 'source'
    if (this.inFlight.isWriting) return 'journal'
    const { waitingForRate, waitingForRetry, inFlight } = this.#counters
    if (waitingForRate > 0) return 'rate'
    return waitingForRetry > 0 && waitingForRetry >= inFlight ? 'retry' : 'slots'
  }

  /** Closes the source. */
  async closeSource(): Promise<void> {
    await this.#reader?.close()
  }

  #settle(task: Task<Item>, result: BulkResult<Result>, nowMs: number): void {
    if (result.resumed) this.#counters.resumed++
    else {
      this.#counters.settle(result.ok, nowMs)
      if (this.#settings.stopWhen) this.#host.onSettled()
    }
    if (this.#inputOrder) this.#inputOrder.put(task.startOrder, result)
    else this.results.put(result)
    this.pump()
  }

  #slots(): number {
    const { concurrency } = this.#settings
    return typeof concurrency === 'number' ? concurrency : Math.max(1, Math.floor(concurrency.limit))
  }

  #hasRoom(): boolean {
    return this.inFlight.size < this.#slots() && !this.#isHeldBack()
  }

  /** Whether no items may start because too many results wait for the consumer. */
  #isHeldBack(): boolean {
    return this.#inputOrder
      ? this.#started - this.results.taken >= this.#settings.reorderWindow
      : this.results.size >= this.#slots()
  }
}
