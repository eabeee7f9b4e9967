import type { Entry } from './entry.ts'

/** Entries under way together. */
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

  /** Whether no entry of it has come to its end. */
  get isWhole(): boolean {
    return this.#unsettled === this.entries.length
  }

  /** An entry of it has its result. */
  settled(): void {
    this.#unsettled--
  }

  /** Nobody waits for an entry of it any more. When that holds for all that are left, the call is stopped. */
  abandoned(reason: unknown): void {
    this.#unsettled--
    if (this.#unsettled === 0) this.#controller.abort(reason)
  }
}
