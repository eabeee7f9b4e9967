import type { RequestTooLargeError } from '../errors.ts'
import type { ProviderBatchProgress, ProviderBatchResult, ProviderBatchRun } from './contracts.ts'
import { Collector, type Remainder } from './collector.ts'
import { Ledger, type BatchPart } from './state/ledger.ts'
import type { PendingPart } from './pending-part.ts'
import type { RunSettings } from './run-settings.ts'
import { Retrier } from './retrier.ts'
import { RequestLines } from './request-lines.ts'
import { ShardSource, type RequestSource } from './shard-source.ts'
import { ActiveBatches } from './active-batches.ts'
import { cancelAll, withAbortReason } from './run-end.ts'
import type { BatchVendor, VendorRun } from './vendor.ts'

export interface BatchRunOptions {
  readonly signal: AbortSignal | undefined
  readonly resubmitFailed: boolean
}

/**
 * Runs requests through the batch API of a vendor, in one loop: it yields the results of ended batches, submits parts while there is room, waits, and polls. The
 * loop advances only while the consumer iterates the results. A part is a list of requests, and the batch made from it.
 *
 *     part recorded ──► created ──► ended ──► read ──► done
 *          ▲   └─► unconfirmed ──►┘              └─► another part, of unanswered requests
 *          └── refused
 */
export class BatchRun<Value> implements ProviderBatchRun<Value> {
  readonly #settings: RunSettings
  readonly #vendor: BatchVendor
  readonly #source: ShardSource
  readonly #controller = new AbortController()
  readonly #retrier: Retrier
  readonly #options: BatchRunOptions
  readonly #pending: PendingPart[] = []
  /** Parts that are submitted again after the next poll: it is unknown whether their batches exist, or the provider has refused them. */
  readonly #later: PendingPart[] = []
  readonly #ended: BatchPart[] = []
  /** The names of the parts whose results are read. */
  readonly #collected = new Set<string>()
  /** The results, not yielded yet, of requests that are larger than `maxBytes`, the maximum size of a part. */
  readonly #tooLarge: ProviderBatchResult<Value>[] = []
  readonly #counts = { submitted: 0, succeeded: 0, failed: 0, resubmitted: 0, endedBatches: 0 }
  #active: ActiveBatches | undefined
  #vendorRun: VendorRun | undefined
  #sourceEnded = false
  #results: AsyncGenerator<ProviderBatchResult<Value>, void, undefined> | undefined
  #isOver = false
  /** Whether `cancel()` was called. No further batch is created then. */
  #isCancelled = false

  constructor(settings: RunSettings, vendor: BatchVendor, source: RequestSource, options: BatchRunOptions) {
    this.#settings = settings
    this.#vendor = vendor
    this.#source = new ShardSource(source, settings, vendor)
    this.#options = options
    this.#retrier = new Retrier(settings, this.#controller.signal)
  }

  progress(): ProviderBatchProgress {
    const { read, skipped } = this.#source
    return { read, skipped, ...this.#counts, activeBatches: this.#active?.size ?? 0 }
  }

  async abort(
    reason: unknown = new DOMException('the run was aborted', 'AbortError'),
    { cancelRemote = false }: { cancelRemote?: boolean | undefined } = {},
  ): Promise<void> {
    if (!this.#isOver) this.#controller.abort(reason)
    // Ends the generator from here, since the consumer may never request another result.
    const released = this.#results?.return().catch(() => undefined)
    if (cancelRemote) await this.#cancelRemote()
    await released
  }

  async cancel(): Promise<void> {
    this.#isCancelled = true
    this.#active?.pollSoon()
    await this.#cancelRemote()
  }

  async #cancelRemote(): Promise<void> {
    // Without retries: the provider answers 409 for a batch that can no longer be cancelled.
    const retrier = new Retrier({ ...this.#settings, maxCallAttempts: 1 }, new AbortController().signal)
    const vendorRun = this.#vendorRun
    if (!vendorRun) return
    const unconfirmed = await vendorRun.unconfirmed(retrier).catch(() => undefined)
    const ids = [...(this.#active?.batchIds() ?? []), ...(unconfirmed ? [unconfirmed] : [])]
    await cancelAll(vendorRun, ids)
  }

  [Symbol.asyncIterator](): AsyncIterator<ProviderBatchResult<Value>, void, undefined> {
    if (this.#results) throw new TypeError('a run can be iterated once; begin another one with run()')
    const results = (this.#results = this.#begin())
    return withAbortReason(results, this.#controller.signal)
  }

  async *#begin(): AsyncGenerator<ProviderBatchResult<Value>, void, undefined> {
    const { signal } = this.#options
    const onAbort = (): void => void this.abort(signal?.reason)
    let opening: Promise<Ledger> | undefined
    try {
      if (signal?.aborted) this.#controller.abort(signal.reason)
      else signal?.addEventListener('abort', onAbort)
      this.#controller.signal.throwIfAborted()
      opening = Ledger.open(this.#settings.state, this.#vendor.endpoint, Date.now())
      const ledger = await this.#retrier.untilAborted(opening)
      yield* this.#steps(ledger)
      await ledger.finish()
    } finally {
      signal?.removeEventListener('abort', onAbort)
      this.#isOver = true
      await this.#release(opening)
    }
  }

  /** Closes the source, drops the requests that are held, and unlocks the state. */
  async #release(opening: Promise<Ledger> | undefined): Promise<void> {
    const { aborted } = this.#controller.signal
    // Before the state is unlocked, since the next run holds its requests in the same place.
    const dropped = this.#vendorRun?.close() ?? Promise.resolve()
    const unlocked = dropped
      .catch(() => undefined)
      .then(() => opening)
      .then(
        (ledger) => ledger?.close(),
        () => undefined,
      )
    unlocked.catch(() => undefined)
    const closed = this.#source.close()
    // A source that hangs may never close.
    if (aborted) closed.catch(() => undefined)
    else await closed
    await unlocked
    await dropped
  }

  async *#steps(ledger: Ledger): AsyncGenerator<ProviderBatchResult<Value>, void, undefined> {
    const retrier = this.#retrier
    const vendor = this.#vendor
    const vendorRun = (this.#vendorRun = vendor.begin({ ledger, retrier }))
    const active = (this.#active = new ActiveBatches(this.#settings, ledger, retrier, vendorRun))
    const parts = { settings: this.#settings, retrier, ledger, source: this.#source, vendor, vendorRun }
    const collector = new Collector({ ...parts, resubmitFailed: this.#options.resubmitFailed })
    await this.#resume(ledger, active, vendorRun)
    if (this.#isCancelled) await cancelAll(vendorRun, active.batchIds())
    for (;;) {
      yield* this.#tooLarge.splice(0)
      for (let part = this.#ended.shift(); part; part = this.#ended.shift()) {
        for await (const outcome of collector.collect(part)) {
          if ('next' in outcome) await this.#addRemainder(ledger, part, outcome)
          else yield this.#count(outcome as ProviderBatchResult<Value>)
        }
        await this.#releaseRequests(ledger, part, vendorRun)
      }
      await this.#submit(ledger, active, vendorRun)
      if (this.#isCancelled) await this.#cancelPending(active, vendorRun)
      if (this.#tooLarge.length > 0) continue
      const hasParts = active.size > 0 || this.#pending.length > 0 || this.#later.length > 0
      if (!hasParts && (this.#sourceEnded || this.#isCancelled)) return
      for (const part of await active.poll()) this.#end(part)
      this.#pending.unshift(...this.#later.splice(0))
    }
  }

  /** Whether there is another part to submit. @returns false after a cancellation */
  async #hasNext(ledger: Ledger, vendorRun: VendorRun): Promise<boolean> {
    if (this.#isCancelled) return false
    return this.#pending.length > 0 || (await this.#readShard(ledger, vendorRun))
  }

  /** After a cancellation: a pending part may have a batch that an earlier process has created without recording it. Cancels that batch, too. */
  async #cancelPending(active: ActiveBatches, vendorRun: VendorRun): Promise<void> {
    for (const pending of this.#pending.splice(0)) {
      const adopted = pending.resumed ? await vendorRun.adopt(pending.part) : undefined
      if (adopted && 'later' in adopted) this.#later.push(pending)
      else if (adopted) {
        active.add(pending.part, adopted.batchId)
        await cancelAll(vendorRun, [adopted.batchId])
      }
    }
  }

  /** Submits parts while there is room. */
  async #submit(ledger: Ledger, active: ActiveBatches, vendorRun: VendorRun): Promise<void> {
    const hasRoom = (): boolean =>
      active.hasRoom && active.size + this.#later.length < this.#settings.maxActiveBatches
    while (hasRoom() && (await this.#hasNext(ledger, vendorRun))) {
      const [next] = this.#pending
      if (!next || !active.hasRoomFor(next.part)) return
      this.#pending.shift()
      const { lines, resumed } = next
      const submission = await vendorRun.submit(next.part, { lines, resumed, hasActive: active.size > 0 })
      if ('later' in submission) {
        this.#later.push({ ...next, resumed: true })
        if (submission.later === 'all') return
        continue
      }
      active.add(next.part, submission.batchId)
      this.#counts.submitted += next.part.count
      // The batch was being created when the run was cancelled.
      if (this.#isCancelled) await cancelAll(vendorRun, [submission.batchId])
    }
  }

  /** Drops the requests from which a part and others were made, once the results of all of them are read. */
  async #releaseRequests(ledger: Ledger, part: BatchPart, vendorRun: VendorRun): Promise<void> {
    this.#collected.add(part.part)
    const [first = part, ...others] = ledger.familyOf(part)
    if ([first, ...others].every((each) => this.#collected.has(each.part))) await vendorRun.release(first)
  }

  /** Continues the parts that an earlier process has created. Checks that the source yields the same requests for them. */
  async #resume(ledger: Ledger, active: ActiveBatches, vendorRun: VendorRun): Promise<void> {
    for (const part of ledger.parts()) {
      const isFromSource = part.parent === null
      const lines = isFromSource
        ? await this.#retrier.untilAborted(this.#source.readAgain(part, this.#onTooLarge))
        : undefined
      if (lines) await vendorRun.hold(part, lines)
      if (part.batchId !== undefined) this.#counts.submitted += part.count
      if (part.end) this.#end(part)
      else if (part.batchId !== undefined) active.add(part, part.batchId)
      else if (isFromSource) this.#pending.push({ part, lines: this.#linesFor(lines), resumed: true })
      // A part made from requests of another part is added when the results of that other part are read.
    }
  }

  /** Creates a part from the next requests of the source. @returns false if the source has no more requests */
  async #readShard(ledger: Ledger, vendorRun: VendorRun): Promise<boolean> {
    if (this.#sourceEnded) return false
    const lines = await this.#retrier.untilAborted(this.#source.next(this.#onTooLarge))
    if (!lines) {
      this.#sourceEnded = true
      return false
    }
    const number = ledger.parts().filter(({ parent }) => parent === null).length + 1
    const { count, tokens, idsHash } = lines
    const record = { part: String(number), parent: null, round: 0, count, tokens, idsHash }
    await vendorRun.hold(record, lines)
    await this.#beginPart(ledger, record, this.#linesFor(lines))
    return true
  }

  /** Returns how the lines of a part are read when it is submitted. A vendor that holds the requests does not need them in memory as well. */
  #linesFor(lines: RequestLines | undefined): PendingPart['lines'] {
    const kept = this.#vendor.holdsRequests ? undefined : lines
    return async () => kept ?? new RequestLines()
  }

  /**
   * Creates a part from those requests of an ended part that are submitted again. If an earlier process has created that part already, continues it
   * instead.
   */
  async #addRemainder(
    ledger: Ledger,
    parent: BatchPart,
    { next, count, round, lines, rows }: Remainder,
  ): Promise<void> {
    const part = `${parent.part}.${next}`
    const known = ledger.get(part)
    if (next === 'again' || next === 'failed') this.#counts.resubmitted += count
    if (known?.batchId !== undefined) return
    if (known) this.#pending.push({ part: known, lines, resumed: true })
    else {
      const tokens = (parent.tokens * count) / parent.count
      const record = { part, parent: parent.part, round, count, tokens, idsHash: '' }
      const held = this.#vendor.holdsRequests ? { rows: await rows() } : {}
      await this.#beginPart(ledger, { ...record, ...held }, lines)
    }
  }

  async #beginPart(
    ledger: Ledger,
    record: Omit<BatchPart, 'fileId' | 'sending' | 'batchId' | 'end' | 'isReported'>,
    lines: PendingPart['lines'],
  ): Promise<void> {
    await ledger.append({ type: 'part', ...record })
    const part = ledger.get(record.part)
    if (part) this.#pending.push({ part, lines, resumed: false })
  }

  #end(part: BatchPart): void {
    this.#counts.endedBatches++
    this.#ended.push(part)
  }

  readonly #onTooLarge = (id: string, error: RequestTooLargeError): void =>
    void this.#tooLarge.push(this.#count({ id, ok: false, error, batchId: undefined, round: 0 }))

  #count(result: ProviderBatchResult<Value>): ProviderBatchResult<Value> {
    this.#counts[result.ok ? 'succeeded' : 'failed']++
    return result
  }
}
