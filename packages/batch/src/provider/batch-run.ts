import type { RequestTooLargeError } from '../request-too-large-error.ts'
import type { ProviderBatchProgress, ProviderBatchResult, ProviderBatchRun } from './contracts.ts'
import { Collector, type Remainder } from './collector.ts'
import { Ledger, type Part } from './ledger.ts'
import type { ProviderBatchSettings } from './options.ts'
import { Patience } from './patience.ts'
import { RequestLines } from './request-lines.ts'
import { ShardSource, type RequestSource } from './shard-source.ts'
import { Submitter } from './submitter.ts'
import { Watch } from './watch.ts'

export interface RunOptions {
  readonly signal: AbortSignal | undefined
  readonly resubmitFailed: boolean
}

/** A part that has no batch yet. */
interface Pending {
  part: Part
  lines: () => Promise<RequestLines>
  /** An earlier process may have come so far as to create its batch. */
  resumed: boolean
}

/**
 * One loop, driven by whoever takes the results: read what has ended, submit what there is room for, wait, look.
 *
 *     part recorded ──► uploaded ──► created ──► ended ──► read ──► done
 *                                                  ▲         └─► another part, of what was not answered
 */
export class BatchRun<Value> implements ProviderBatchRun<Value> {
  readonly #settings: ProviderBatchSettings
  readonly #source: ShardSource
  readonly #controller = new AbortController()
  readonly #patience: Patience
  readonly #options: RunOptions
  readonly #pending: Pending[] = []
  readonly #ended: Part[] = []
  /** Results of requests that no file could hold. */
  readonly #tooLarge: ProviderBatchResult<Value>[] = []
  readonly #counts = { submitted: 0, succeeded: 0, failed: 0, resubmitted: 0, endedBatches: 0 }
  #watch: Watch | undefined
  #submitter: Submitter | undefined
  #sourceEnded = false
  #results: AsyncGenerator<ProviderBatchResult<Value>, void, undefined> | undefined
  #isOver = false

  constructor(settings: ProviderBatchSettings, source: RequestSource, options: RunOptions) {
    this.#settings = settings
    this.#source = new ShardSource(source, settings)
    this.#options = options
    this.#patience = new Patience(settings, this.#controller.signal)
  }

  progress(): ProviderBatchProgress {
    const { read, skipped } = this.#source
    return { read, skipped, ...this.#counts, activeBatches: this.#watch?.size ?? 0 }
  }

  async abort(
    reason: unknown = new DOMException('the run was aborted', 'AbortError'),
    { cancelRemote = false }: { cancelRemote?: boolean | undefined } = {},
  ): Promise<void> {
    if (!this.#isOver) this.#controller.abort(reason)
    // Whoever takes the results may never ask for another one.
    const released = this.#results?.return().catch(() => undefined)
    if (cancelRemote) await this.#cancelRemote()
    await released
  }

  async #cancelRemote(): Promise<void> {
    // Without patience: one that cannot be cancelled any more says so with a 409.
    const patience = new Patience({ ...this.#settings, maxCallAttempts: 1 }, new AbortController().signal)
    const unheard = await this.#submitter?.unheard(patience).catch(() => undefined)
    const ids = [...(this.#watch?.batchIds() ?? []), ...(unheard ? [unheard] : [])]
    const { batches } = this.#settings.client
    await Promise.allSettled(ids.map((id) => batches.cancel(id)))
  }

  [Symbol.asyncIterator](): AsyncIterator<ProviderBatchResult<Value>, void, undefined> {
    if (this.#results) throw new TypeError('a run can be iterated once; begin another one with run()')
    const results = (this.#results = this.#begin())
    let isTold = false
    return {
      next: async () => {
        const wasAborted = this.#controller.signal.aborted
        try {
          const step = await results.next()
          // Aborted between two results: nobody has been told why there are no more.
          if (step.done && wasAborted && !isTold) this.#controller.signal.throwIfAborted()
          return step
        } catch (error) {
          isTold = true
          throw error
        }
      },
      return: () => {
        isTold = true
        return results.return()
      },
    }
  }

  async *#begin(): AsyncGenerator<ProviderBatchResult<Value>, void, undefined> {
    const { signal } = this.#options
    const onAbort = (): void => void this.abort(signal?.reason)
    let opening: Promise<Ledger> | undefined
    try {
      if (signal?.aborted) this.#controller.abort(signal.reason)
      else signal?.addEventListener('abort', onAbort)
      this.#controller.signal.throwIfAborted()
      const { state, endpoint } = this.#settings
      opening = Ledger.open(state, endpoint, Date.now())
      const ledger = await this.#patience.until(opening)
      yield* this.#steps(ledger)
      await ledger.finish()
    } finally {
      signal?.removeEventListener('abort', onAbort)
      this.#isOver = true
      await this.#release(opening)
    }
  }

  /** Lets go of the source and of the state. */
  async #release(opening: Promise<Ledger> | undefined): Promise<void> {
    const { aborted } = this.#controller.signal
    const unlocked = opening?.then(
      (ledger) => ledger.close(),
      () => undefined,
    )
    unlocked?.catch(() => undefined)
    const closed = this.#source.close()
    // A source that is stuck may never close.
    if (aborted) closed.catch(() => undefined)
    else await closed
    await unlocked
  }

  async *#steps(ledger: Ledger): AsyncGenerator<ProviderBatchResult<Value>, void, undefined> {
    const submitter = (this.#submitter = new Submitter(this.#settings, ledger, this.#patience))
    const watch = (this.#watch = new Watch(this.#settings, ledger, this.#patience))
    const collector = new Collector(this.#settings, this.#patience, ledger, this.#options, this.#source)
    await this.#resume(ledger, watch)
    for (;;) {
      yield* this.#tooLarge.splice(0)
      for (let part = this.#ended.shift(); part; part = this.#ended.shift()) {
        for await (const outcome of collector.collect(part)) {
          if ('next' in outcome) await this.#goOn(ledger, part, outcome)
          else yield this.#count(outcome as ProviderBatchResult<Value>)
        }
      }
      while (watch.hasRoom && (this.#pending.length > 0 || (await this.#readShard(ledger)))) {
        const [next] = this.#pending
        if (!next || !watch.hasRoomFor(next.part)) break
        this.#pending.shift()
        watch.add(next.part, await submitter.submit(next.part, next.lines, next.resumed))
        this.#counts.submitted += next.part.count
      }
      if (this.#tooLarge.length > 0) continue
      if (watch.size === 0 && this.#pending.length === 0 && this.#sourceEnded) return
      for (const part of await watch.look()) this.#end(part)
    }
  }

  /** Finds the places of all parts of an earlier process, and sees that the source is still the same. */
  async #resume(ledger: Ledger, watch: Watch): Promise<void> {
    for (const part of ledger.parts()) {
      const ofSource = part.parent === null
      const lines = ofSource
        ? await this.#patience.until(this.#source.again(part, this.#onTooLarge))
        : undefined
      if (part.batchId !== undefined) this.#counts.submitted += part.count
      if (part.end) this.#end(part)
      else if (part.batchId !== undefined) watch.add(part, part.batchId)
      else if (ofSource)
        this.#pending.push({ part, lines: async () => lines ?? new RequestLines(), resumed: true })
      // What was made of a parent is found again when the parent is read again.
    }
  }

  async #readShard(ledger: Ledger): Promise<boolean> {
    if (this.#sourceEnded) return false
    const lines = await this.#patience.until(this.#source.next(this.#onTooLarge))
    if (!lines) {
      this.#sourceEnded = true
      return false
    }
    const number = ledger.parts().filter(({ parent }) => parent === null).length + 1
    const { count, tokens, idsHash } = lines
    const record = { part: String(number), parent: null, round: 0, count, tokens, idsHash }
    await this.#beginPart(ledger, record, async () => lines)
    return true
  }

  /** Makes a part of what another one has left over, unless an earlier process has. */
  async #goOn(ledger: Ledger, parent: Part, { next, count, round, lines }: Remainder): Promise<void> {
    const part = `${parent.part}.${next}`
    const known = ledger.get(part)
    if (next === 'again' || next === 'failed') this.#counts.resubmitted += count
    if (known?.batchId !== undefined) return
    if (known) this.#pending.push({ part: known, lines, resumed: true })
    else {
      const tokens = (parent.tokens * count) / parent.count
      await this.#beginPart(ledger, { part, parent: parent.part, round, count, tokens, idsHash: '' }, lines)
    }
  }

  async #beginPart(
    ledger: Ledger,
    record: Omit<Part, 'fileId' | 'batchId' | 'end'>,
    lines: Pending['lines'],
  ): Promise<void> {
    await ledger.append({ type: 'part', ...record })
    const part = ledger.get(record.part)
    if (part) this.#pending.push({ part, lines, resumed: false })
  }

  #end(part: Part): void {
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
