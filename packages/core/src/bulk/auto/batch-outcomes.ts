import type { BulkAnswer } from '../bulk-request.ts'

/** What became of a request in a batch. `over`: it has no answer, and has to be called. */
export type BatchOutcome =
  | { readonly kind: 'answer'; readonly answer: BulkAnswer }
  | { readonly kind: 'error'; readonly error: unknown }
  | { readonly kind: 'over' }

export const OVER: BatchOutcome = { kind: 'over' }

/** The outcomes of the requests of a route, each of which one caller waits for. */
export class BatchOutcomes {
  readonly #waiting = new Map<string, PromiseWithResolvers<BatchOutcome>>()
  readonly #outcomes = new Map<string, Promise<BatchOutcome>>()

  /** Whether requests without an answer were released, so that they are called. */
  isReleased = false

  /** Adds a request, by its id. */
  expect(id: string): void {
    const outcome = Promise.withResolvers<BatchOutcome>()
    this.#waiting.set(id, outcome)
    this.#outcomes.set(id, outcome.promise)
  }

  /** Waits for the outcome of a request. */
  async of(id: string): Promise<BatchOutcome> {
    const outcome = await (this.#outcomes.get(id) ?? OVER)
    this.#outcomes.delete(id)
    return outcome
  }

  /** @returns whether the request had no outcome before */
  settle(id: string, outcome: BatchOutcome): boolean {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    waiting?.resolve(outcome)
    return waiting !== undefined
  }

  /** Releases all requests that have no outcome. */
  release(): void {
    this.isReleased = true
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { resolve } of waiting) resolve(OVER)
  }
}

/** Whether a request that a batch answered with this status may be answered by a call. */
export function isTransient(status: number | undefined): boolean {
  return status === undefined || status === 408 || status === 409 || status === 429 || status >= 500
}

/** Whether the provider has refused a request for good, so that nothing was created. */
export function isRefusal(error: unknown): boolean {
  const { status } = Object(error) as { status?: unknown }
  return typeof status === 'number' && status >= 400 && status < 500
}

/** Returns the reason why the Batch API cannot be used: a status or a code, since messages may quote requests. */
export function reasonOf(error: unknown): string {
  const { status, code, name } = Object(error) as { status?: unknown; code?: unknown; name?: unknown }
  const word = typeof code === 'string' ? code : name
  return [status, word].filter((fact) => typeof fact === 'string' || typeof fact === 'number').join(' ')
}
