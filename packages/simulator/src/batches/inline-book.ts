import { hashText, seededRandom } from '../random.ts'
import type { Clock } from '../time/clock.ts'
import type { BatchFate } from './batch.ts'
import { drawTimes, pickFault } from './batch-fates.ts'
import type { BatchTimes } from './batch-object.ts'
import type { BatchScript } from './batch-script.ts'

/** The maximum number of batches in memory. */
const MAX_BATCHES = 10_000

/** A batch as the book counts it. */
interface BookedBatch {
  readonly id: string
  /** Whether the batch can no longer be found. */
  readonly vanished: boolean
  readonly results: { readonly tokens: { readonly input: number; readonly output: number } } | undefined
}

/** What is decided about a batch when it is created. */
export interface DrawnBatch {
  readonly id: string
  readonly times: BatchTimes
  readonly fate: BatchFate | undefined
  /** The number of its first requests that fail. */
  readonly failing: number
  /** The status with which they fail. */
  readonly status: number
  /** Random numbers that depend on the seed and the id only. */
  readonly random: () => number
}

/** The batches of one endpoint whose requests come with the batch, not as a file. All are in memory. */
export class InlineBook<Batch extends BookedBatch> {
  readonly clock: Clock
  readonly #batches = new Map<string, Batch>()
  readonly #seed: number
  #created = 0

  constructor(seed: number, clock: Clock) {
    this.#seed = seed
    this.clock = clock
  }

  get isFull(): boolean {
    return this.#batches.size >= MAX_BATCHES
  }

  /** Decides the id, the times and the faults of the next batch. @param requests the number of its requests */
  draw(prefix: string, script: BatchScript, requests: number): DrawnBatch {
    const number = ++this.#created
    const id = `${prefix}${this.#seed.toString(16)}${number.toString(16).padStart(8, '0')}`
    const random = seededRandom(hashText(id, this.#seed))
    const fault = pickFault(script, number, this.#seed)
    const fate = fault?.type === 'slow' ? fault.then : fault
    const times = drawTimes(script, fault, random)
    const failing = fate?.type === 'errors' ? Math.round(fate.share * requests) : 0
    return {
      id,
      times,
      fate,
      failing,
      status: (fate?.type === 'errors' ? fate.status : undefined) ?? 500,
      random,
    }
  }

  add(batch: Batch): void {
    this.#batches.set(batch.id, batch)
  }

  get(id: string): Batch | undefined {
    const batch = this.#batches.get(id)
    return batch?.vanished === true ? undefined : batch
  }

  delete(id: string): void {
    this.#batches.delete(id)
  }

  newestFirst(): Batch[] {
    return [...this.#batches.values()].filter(({ vanished }) => !vanished).reverse()
  }

  /** Returns totals over all batches; requests and tokens of those with results that were not deleted. @param linesOf the lines in its results */
  counts(linesOf: (results: NonNullable<Batch['results']>) => number) {
    const total = { created: this.#created, lines: 0, tokens: { input: 0, output: 0 } }
    for (const { results } of this.#batches.values()) {
      if (!results) continue
      total.lines += linesOf(results)
      total.tokens.input += results.tokens.input
      total.tokens.output += results.tokens.output
    }
    return total
  }
}
