import type { BulkResult, BulkRun } from '@harbor/batch'
import type { JobData } from '../wire/job-data.ts'
import type { Outcome } from '../wire/outcome.ts'
import type { Delivery, StartCalls } from './calls.ts'

/** The code of the error of a client whose spend limit is reached. It ends the run, as it does without workers. */
const SPEND_LIMIT = 'spend_limit'
/** The code of the error of a client that was closed. The worker can send nothing more. */
const CLIENT_CLOSED = 'client_closed'

/** How a call ended: with an outcome, without having been sent, or `closed`: its client can send nothing more. */
export type Ended = Outcome | 'closed'

/** The calls of one worker for one run. */
export class Session {
  readonly #feed = new ItemFeed<Delivery>()
  readonly #calls: BulkRun<unknown>
  readonly #open = new Map<number, { readonly delivery: Delivery; readonly end: (ended: Ended) => void }>()
  readonly #stopping = new AbortController()
  #pushed = 0

  constructor(start: StartCalls) {
    this.#calls = start(this.#feed)
    void this.#run()
  }

  /** Aborts when the session is stopped or aborted: nothing more is sent. */
  get stopping(): AbortSignal {
    return this.#stopping.signal
  }

  get isStopped(): boolean {
    return this.#stopping.signal.aborted
  }

  /** Runs an item. Never rejects. */
  async call(data: JobData): Promise<Ended> {
    if (this.isStopped) return UNSENT
    let delivery: Delivery
    try {
      delivery = { data, item: JSON.parse(data.item) as unknown, report: {} }
    } catch (error) {
      return { ok: false, error, report: {} }
    }
    const { promise, resolve } = Promise.withResolvers<Ended>()
    this.#open.set(this.#pushed++, { delivery, end: resolve })
    this.#feed.push(delivery)
    return promise
  }

  /** Sends nothing more. Calls that were sent get their results, the others are unsent. */
  stop(): void {
    if (this.isStopped) return
    this.#stopping.abort(new Error('the worker sends no more items of this run'))
    this.#calls.stop()
  }

  /** Aborts the calls in flight. Those that ignore it are not awaited. */
  abort(reason: Error): void {
    this.#stopping.abort(reason)
    this.#calls.abort(reason)
  }

  async #run(): Promise<void> {
    try {
      for await (const result of this.#calls) this.#settle(result)
    } catch {
      // The error is that of an abort, or the one with which an item has ended.
    }
    this.#stopping.abort(new Error('the calls of this run have ended'))
    for (const { end } of this.#open.values()) end(UNSENT)
    this.#open.clear()
  }

  #settle(result: BulkResult<unknown>): void {
    const open = this.#open.get(result.index)
    if (!open) return
    this.#open.delete(result.index)
    const { attempts } = result
    const usage = result.ok ? usageOf(result.value) : undefined
    const report = { attempts, ...usage, ...open.delivery.report }
    if (result.ok) open.end({ ok: true, value: result.value, report })
    else {
      const { error } = result
      const code = error instanceof Error ? (error as { code?: unknown }).code : undefined
      if (code === CLIENT_CLOSED) open.end('closed')
      else open.end({ ok: false, error, report, ...(code === SPEND_LIMIT && { endsRun: true }) })
    }
  }
}

const UNSENT = { unsent: true } as const

/** Returns the usage that an answer of a client of Harbor contains. */
function usageOf(value: unknown): { readonly usage?: { input: number; output: number } } {
  const { usage } = Object(value) as { usage?: unknown }
  const { inputTokens, outputTokens } = Object(usage) as { inputTokens?: unknown; outputTokens?: unknown }
  if (typeof inputTokens !== 'number' || typeof outputTokens !== 'number') return {}
  return { usage: { input: inputTokens, output: outputTokens } }
}

/** A source without an end: a bulk run reads from it what is pushed into it. */
class ItemFeed<Item> implements AsyncIterable<Item> {
  readonly #items: Item[] = []
  #isClosed = false
  #wake: (() => void) | undefined

  push(item: Item): void {
    this.#items.push(item)
    this.#wake?.()
  }

  /** Ends the source, once all items are read. */
  close(): void {
    this.#isClosed = true
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for (;;) {
      const item = this.#items.shift()
      if (item !== undefined) yield item
      else if (this.#isClosed) return
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}
