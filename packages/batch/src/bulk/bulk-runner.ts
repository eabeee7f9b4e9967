import { IdempotencyKeys, RunSignals } from './attempt.ts'
import type { BulkSettings } from './bulk-options.ts'
import type { BulkProgress, BulkResult, BulkSummary } from './bulk-run.ts'
import { ItemFlow } from './item-flow.ts'
import type { RunItem } from './item-call.ts'
import type { JournaledResults } from './journaled-results.ts'
import { RunCounters, stopReasonOf } from './run-counters.ts'
import type { BulkSource } from './source-reader.ts'

type Failure = { readonly error: unknown } | undefined
type Phase = 'idle' | 'opening' | 'running' | 'finishing' | 'ended'

/**
 * Controls the phases of a run: start, pause, stop and end. ItemFlow moves its items.
 *
 *     idle → opening (locks and reads the journal) → running → finishing (starts no more items) → ended
 *
 * An abort, a consumer that leaves and a journal that fails lead to `ended` from every state.
 */
export class BulkRunner<Item, Result> {
  readonly #settings: BulkSettings<Item>
  readonly #counters = new RunCounters()
  readonly #signals = new RunSignals()
  readonly #keys = new IdempotencyKeys()
  readonly #flow: ItemFlow<Item, Result>
  readonly #ending = Promise.withResolvers<BulkSummary>()
  readonly summary = this.#ending.promise
  #phase: Phase = 'idle'
  #paused = false
  /** The error with which the run ends once all items in flight have their results; undefined for a normal end. */
  #failure: Failure
  #stoppedBy: BulkSummary['stoppedBy']
  /** Set when `stop()` is called, perhaps before the run starts. */
  #stopped: { readonly failure: Failure } | undefined

  constructor(source: BulkSource<Item>, run: RunItem<Item, Result>, settings: BulkSettings<Item>) {
    this.#settings = settings
    const shared = { signals: this.#signals, keys: this.#keys, counters: this.#counters }
    this.#flow = new ItemFlow(source, run, settings, shared, {
      isOver: () => this.#isOver(),
      isStopping: () => this.#signals.stopping.aborted && !this.#isOver(),
      onSettled: () => this.#checkStopRule(),
      onIdle: () => this.#endIfDone(),
      onSourceFailure: (error) => this.#finish({ error }),
      onJournalFailure: (error) => this.#end({ error }),
    })
    // Prevents an unhandled rejection: most callers use only the loop, which throws the same error.
    this.summary.catch(() => undefined)
  }

  /** Starts the run without a consumer: results are discarded. */
  drop(): void {
    this.#flow.results.drop()
    this.start()
  }

  next(): Promise<IteratorResult<BulkResult<Result>, undefined>> {
    this.start()
    return this.#flow.results.next()
  }

  /** Ends the run after its consumer has left the loop. Resolves when the run has ended; never rejects. */
  async leave(): Promise<void> {
    if (!this.#isOver()) {
      this.#stoppedBy = 'consumer'
      this.#flow.results.clear()
      this.#end(undefined)
    }
    await this.summary.catch(() => undefined)
  }

  progress(): BulkProgress {
    const phase = this.#phase
    const isIdle = phase === 'idle' || phase === 'ended' || this.#paused
    const waitingOn = isIdle ? undefined : this.#flow.waitingOn(phase)
    return this.#counters.progress(this.#settings.clock.now(), this.#flow.total, waitingOn)
  }

  pause(): void {
    this.#paused = true
    this.#flow.isOpen = false
  }

  resume(): void {
    this.#paused = false
    this.#enter(this.#phase)
    this.#flow.pump()
  }

  /** @param failure the error with which the run ends; undefined to end as if its source had ended */
  stop(failure: Failure): void {
    if (this.#stopped || this.#phase === 'finishing' || this.#isOver()) return
    this.#stoppedBy = 'stop'
    this.#stopped = { failure }
    this.#finish(failure)
    this.#signals.stop()
    this.#flow.pump()
  }

  abort(reason: unknown): void {
    this.#flow.results.clear()
    this.#end({ error: reason })
  }

  start(): void {
    if (this.#phase !== 'idle') return
    const { signal, clock } = this.#settings
    this.#counters.start(clock.now())
    if (signal?.aborted) {
      this.abort(signal.reason)
      return
    }
    signal?.addEventListener('abort', this.#onAbort)
    try {
      this.#flow.openSource()
    } catch (error) {
      this.#end({ error })
      return
    }
    this.#enter('opening')
    const { journaled } = this.#flow
    if (journaled) void this.#resume(journaled)
    else this.#run()
  }

  readonly #onAbort = (): void => this.abort(this.#settings.signal?.reason)

  async #resume(journaled: JournaledResults<Result>): Promise<void> {
    try {
      this.#keys.run = await this.#flow.resume(journaled)
    } catch (error) {
      this.#end({ error })
    }
    if (!this.#isOver()) this.#run()
  }

  #enter(phase: Phase): void {
    this.#phase = phase
    this.#flow.isOpen = phase === 'running' && !this.#paused
  }

  #run(): void {
    this.#enter('running')
    if (this.#stopped) this.#finish(this.#stopped.failure)
    this.#flow.pump()
  }

  #checkStopRule(): void {
    const { stopWhen } = this.#settings
    if (!stopWhen || this.#phase !== 'running') return
    this.#stoppedBy = stopReasonOf(stopWhen, this.#counters)
    if (!this.#stoppedBy) return
    this.#finish(undefined)
    this.#signals.stop()
  }

  #endIfDone(): void {
    const startsNoMore = this.#phase === 'finishing' || (this.#phase === 'running' && this.#flow.isSourceDone)
    if (!startsNoMore) return
    if (this.#stopped && this.#flow.isComplete()) this.#stoppedBy = undefined
    this.#end(this.#failure)
  }

  /** Ends the run once all items in flight have their results. No more items start. */
  #finish(failure: Failure): void {
    if (this.#phase !== 'running') return
    this.#failure = failure
    this.#enter('finishing')
  }

  #isOver(): boolean {
    return this.#phase === 'ended'
  }

  #end(failure: Failure): void {
    if (this.#isOver()) return
    this.#enter('ended')
    this.#settings.signal?.removeEventListener('abort', this.#onAbort)
    if (this.#flow.inFlight.size > 0)
      this.#signals.abort(failure ? failure.error : new Error('the consumer left the loop over the results'))
    this.#counters.dropAll()
    this.#flow.journaled?.proceed()
    void this.#close(failure)
  }

  /** Closes the source, unlocks the journal, and then reports the end of the run to the consumer and in `summary`. */
  async #close(failure: Failure): Promise<void> {
    let last = failure
    try {
      const closed = this.#flow.closeSource()
      // A failed run does not wait for its source to close; a run that was left or stopped does, as a loop over the
      // source would.
      if (last) closed.catch(() => undefined)
      else await closed
    } catch (error) {
      last = { error }
    }
    try {
      await this.#flow.journaled?.close()
    } catch (error) {
      last ??= { error }
    }
    this.#flow.results.end(last)
    if (last) this.#ending.reject(last.error)
    else this.#ending.resolve(this.#counters.summary(this.#settings.clock.now(), this.#stoppedBy))
  }
}
