import type { Answer } from '../answers/answer.ts'
import type { BatchFault } from './batch-script.ts'
import type { BatchInput, BatchLine, BatchProblem } from './batch-input.ts'
import {
  type BatchEnd,
  batchObject,
  type BatchOrder,
  type BatchStatus,
  type BatchTimes,
  EXPIRES_AFTER_MS,
} from './batch-object.ts'
import { BatchWork, type Totals } from './batch-work.ts'
import type { Clock } from '../time/clock.ts'
import type { FileStore } from './file-store.ts'
import { expiredLine } from './result-line.ts'

/** A fault that decides how a batch ends. `slow` is excluded, because it only changes how long the batch runs. */
export type BatchFate = Exclude<BatchFault, { type: 'slow' }>

export interface BatchOptions {
  order: BatchOrder
  input: BatchInput
  times: BatchTimes
  fate: BatchFate | undefined
  /** The lines in the order in which they are answered. */
  lines: readonly BatchLine[]
  answer: (line: BatchLine, index: number) => Answer
  files: FileStore
  clock: Clock
}

/**
 * One batch. It has no timers: its status is computed when it is read.
 *
 *     validating ──► in_progress ──► finalizing ──► completed | expired
 *         │               │
 *         ├──► failed     ├──► expired after 24 hours   (404 after it has vanished)
 *         └───────────────┴──► cancelling ──► cancelled
 */
export class Batch {
  readonly order: BatchOrder
  readonly #options: BatchOptions
  readonly #createdAt: number
  readonly #problems: readonly BatchProblem[]
  /**
   * The number of lines to answer: not all of them with the faults `expire` and `cancel`. If the batch is cancelled or expires, fewer are reported.
   */
  readonly #planned: number
  readonly #work: BatchWork
  /** The age of the batch when it was cancelled, in milliseconds. */
  #cancelledMs: number | undefined
  #end: BatchEnd | undefined

  constructor(options: BatchOptions) {
    const { order, input, fate, lines, answer } = options
    this.order = order
    this.#options = options
    this.#createdAt = options.clock.now()
    this.#problems = input.problems.length === 0 && fate?.type === 'fail' ? [failure(fate)] : input.problems
    this.#planned =
      fate?.type === 'expire' || fate?.type === 'cancel'
        ? Math.round(fate.answered * lines.length)
        : lines.length
    this.#work = new BatchWork({ id: order.id, lines: lines.slice(0, this.#planned), answer })
    if (this.#problems.length === 0) this.#work.start()
  }

  /** Whether the batch can no longer be found (404). */
  get vanished(): boolean {
    const { fate } = this.#options
    return fate?.type === 'vanish' && this.#ageMs >= fate.afterMs
  }

  /**
   * The input tokens that count towards the limit of enqueued tokens. 0 if the batch has ended, is invalid or has
   * vanished.
   */
  get enqueuedTokens(): number {
    return this.vanished || this.#end || this.#problems.length > 0 ? 0 : this.#options.input.inputTokens
  }

  get model(): string {
    return this.#options.input.model
  }

  /** The counts and tokens of the lines reported as answered so far. */
  get totals(): Totals {
    return this.#end?.totals ?? this.#work.totals(this.#answered())
  }

  /** Performs the status transitions that are due, and returns the current status. */
  look(): BatchStatus {
    if (this.#end) return this.#end.status
    const age = this.#ageMs
    const { validatingMs, runMs, finalizingMs, cancellingMs } = this.#options.times
    if (this.#cancelledMs !== undefined) {
      const ended = age >= this.#cancelledMs + cancellingMs
      return ended ? this.#finish('cancelled', this.#cancelledMs + cancellingMs) : 'cancelling'
    }
    if (age < validatingMs) return 'validating'
    if (this.#problems.length > 0) return this.#finish('failed', validatingMs)
    const endMs = validatingMs + runMs + finalizingMs
    if (endMs > EXPIRES_AFTER_MS && age >= EXPIRES_AFTER_MS) return this.#finish('expired', EXPIRES_AFTER_MS)
    if (age < validatingMs + runMs || this.#work.done < this.#planned) return 'in_progress'
    if (age < endMs) return 'finalizing'
    const { type } = this.#options.fate ?? {}
    return this.#finish(type === 'expire' ? 'expired' : type === 'cancel' ? 'cancelled' : 'completed', endMs)
  }

  /** Cancels the batch. @returns false if it can no longer be cancelled */
  cancel(): boolean {
    const status = this.look()
    if (status === 'cancelling') return true
    if (status !== 'validating' && status !== 'in_progress') return false
    this.#cancelledMs = this.#ageMs
    return true
  }

  /** Returns the batch as an object of /v1/batches. */
  toJSON(): object {
    return batchObject({
      order: this.order,
      input: this.#options.input,
      times: this.#options.times,
      status: this.look(),
      cancelledMs: this.#cancelledMs,
      problems: this.#problems,
      totals: this.totals,
      end: this.#end,
    })
  }

  /** Stops answering lines. */
  stop(): void {
    this.#work.stop()
  }

  get #ageMs(): number {
    return this.#options.clock.now() - this.#createdAt
  }

  /**
   * Returns how many lines are reported as answered. The number grows evenly over `runMs`, and stops growing at a cancellation, and after 24
   * hours.
   */
  #answered(): number {
    const { validatingMs, runMs } = this.#options.times
    const ran = (this.#cancelledMs ?? Math.min(this.#ageMs, EXPIRES_AFTER_MS)) - validatingMs
    const share = runMs > 0 ? Math.min(1, ran / runMs) : 1
    return ran < 0 ? 0 : Math.min(this.#work.done, Math.floor(share * this.#planned))
  }

  #finish(status: BatchEnd['status'], atMs: number): BatchStatus {
    const { files, fate, lines } = this.#options
    const answered = status === 'failed' ? 0 : this.#answered()
    const lost = fate?.type === 'lose' ? Math.round(fate.share * lines.length) : 0
    const stored = Math.min(answered, lines.length - lost)
    const id = this.order.id
    const expired =
      status === 'expired'
        ? lines
            .slice(answered)
            .map(({ customId }, index) => expiredLine(`${id}_${answered + index + 1}`, customId))
        : []
    const store = (kind: 'output' | 'error', text: string) =>
      text === '' ? null : files.add(`${id}_${kind}.jsonl`, 'batch_output', Buffer.from(text)).id
    this.#end = {
      status,
      atMs,
      outputFile: store('output', this.#work.text('output', stored)),
      errorFile: store('error', this.#work.text('error', stored) + expired.join('')),
      totals: this.#work.totals(answered),
    }
    this.#work.stop()
    return status
  }
}

function failure({ code, message, line }: Extract<BatchFate, { type: 'fail' }>): BatchProblem {
  return {
    code: code ?? 'internal_error',
    message: message ?? 'The batch could not be processed.',
    param: null,
    line: line ?? null,
  }
}
