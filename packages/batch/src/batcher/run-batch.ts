import { BatchShapeError } from './errors.ts'
import type { Entry } from './entry.ts'

/**
 * The function that you pass to `createBatcher`: it makes one call for many items.
 *
 * @param items the items of one call: at least one; with `bisect`, they may be a part of a failed batch
 * @param context `signal` aborts when no caller waits for any item of the batch any more, or on `close('abort')`; `batchId` counts the batches from 1
 * @returns one result, or one Error, for each item, in the order of the items. If the number of results is wrong, all items of the call are rejected
 * with BatchShapeError
 */
export type RunBatch<Item, Result> = (
  items: readonly Item[],
  context: { readonly signal: AbortSignal; readonly batchId: number },
) => Promise<readonly (Result | Error)[]>

/** Settles the entries of a batch. */
export interface Settle<Item, Result> {
  resolve(entry: Entry<Item, Result>, result: Result): void
  reject(entry: Entry<Item, Result>, error: unknown): void
}

/**
 * Calls the user's function with a batch, and settles every entry of the batch, whatever the function returns or throws. Never rejects.
 *
 * With `bisect`, a failed batch is halved. If the left half succeeds, the right half must contain the item at fault, and is halved again without a
 * call for the whole of it: finding one item among n takes about log2(n) calls. An entry is rejected only after a call with this entry alone.
 */
export async function runBatch<Item, Result>(
  batch: Batch<Item, Result>,
  run: RunBatch<Item, Result>,
  onBatchError: 'reject-all' | 'bisect',
  settle: Settle<Item, Result>,
): Promise<void> {
  await attempt(batch.entries)

  /**
   * Calls the function with the unsettled entries.
   *
   * @returns whether the function returned a result, or an Error, for each of these entries
   */
  async function attempt(entries: readonly Entry<Item, Result>[]): Promise<boolean> {
    const wanted = batch.isWhole ? entries : entries.filter(({ state }) => state !== 'settled')
    if (wanted.length === 0) return true
    let results: readonly (Result | Error)[]
    try {
      results = await run(wanted.map(itemOf), batch.context)
    } catch (error) {
      if (onBatchError === 'bisect' && wanted.length > 1) await halve(wanted)
      else for (const entry of wanted) settle.reject(entry, error)
      return false
    }
    // A wrong number of results is the function's fault, not an item's: smaller batches would not help.
    const shapeError = BatchShapeError.check(results, wanted.length, batch.context.batchId)
    if (shapeError) {
      for (const entry of wanted) settle.reject(entry, shapeError)
      return false
    }
    for (let index = 0; index < wanted.length; index++) {
      const entry = wanted[index] as Entry<Item, Result>
      const result = results[index] as Result | Error
      if (result instanceof Error) settle.reject(entry, result)
      else settle.resolve(entry, result)
    }
    return true
  }

  async function halve(entries: readonly Entry<Item, Result>[]): Promise<void> {
    const middle = Math.ceil(entries.length / 2)
    const right = entries.slice(middle)
    const leftPassed = await attempt(entries.slice(0, middle))
    if (leftPassed && right.length > 1) await halve(right)
    else await attempt(right)
  }
}

function itemOf<Item>({ item }: { readonly item: Item }): Item {
  return item
}

/** The entries of one batch, and the signal of its calls. */
export class Batch<Item, Result> {
  readonly entries: readonly Entry<Item, Result>[]
  readonly context: { readonly signal: AbortSignal; readonly batchId: number }
  readonly #controller = new AbortController()
  #unsettled: number

  constructor(entries: readonly Entry<Item, Result>[], batchId: number) {
    this.entries = entries
    this.#unsettled = entries.length
    this.context = { signal: this.#controller.signal, batchId }
    for (const entry of entries) {
      entry.state = 'running'
      entry.batch = this
    }
  }

  /** Whether no entry has been settled yet. */
  get isWhole(): boolean {
    return this.#unsettled === this.entries.length
  }

  /** Called when an entry of the batch has its result. */
  settled(): void {
    this.#unsettled--
  }

  /** Called when no caller waits for one of the entries any more. Once that is true of every unsettled entry, the signal of the batch aborts. */
  abandoned(reason: unknown): void {
    this.#unsettled--
    if (this.#unsettled === 0) this.#controller.abort(reason)
  }
}
