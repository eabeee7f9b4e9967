import type { BulkContext } from '@harbor/batch'
import type { FailureKind } from '@harbor/retry'
import { receiptOf } from '../reporting/receipt.ts'

const MIN_DELAY_MS = 5_000
const MAX_DELAY_MS = 60_000
/**
 * The maximum number of times that a request is held back if its failure has an HTTP status. After that, the request itself is taken for
 * the cause of the failure.
 */
const MAX_ANSWERED_ROUNDS = 10

const OUTAGES: readonly FailureKind[] = ['network', 'timeout', 'rate-limit', 'overloaded', 'server']

/**
 * Holds requests back during an outage, which is a time in which every request of the run fails because of the provider. The failed
 * requests wait. One of them at a time is sent again, to find out whether the outage is over. When it is over, all of them continue. A
 * request that fails while the provider answers others does not wait.
 */
export class Outage {
  readonly #patienceMs: number
  readonly #onChange: (kind: FailureKind | undefined) => void
  readonly #waiting: (() => void)[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #delayMs = MIN_DELAY_MS
  #since: number | undefined
  /** The number of requests whose answer shows that the provider works: a success, or an error that is the fault of the request. */
  answers = 0

  /**
   * @param patienceMs the maximum length of an outage, in milliseconds; with 0, no request waits
   * @param onChange called with the kind of failure when an outage begins, and with undefined when it is over
   */
  constructor(patienceMs: number, onChange: (kind: FailureKind | undefined) => void) {
    this.#patienceMs = patienceMs
    this.#onChange = onChange
  }

  /** Counts an answer that shows that the provider works. An outage is then over, and all waiting requests continue. */
  noteAnswer(): void {
    this.answers++
    if (this.#since === undefined) return
    this.#since = undefined
    this.#delayMs = MIN_DELAY_MS
    this.#onChange(undefined)
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const release of this.#waiting.splice(0)) release()
  }

  /**
   * Holds a failed request back until it should be sent again.
   *
   * @param answersBefore the value of `answers` when the request was last sent
   * @param round how often the request was held back before
   * @returns whether to send the request again; false if the request itself is the cause, or the outage has lasted too long
   * @throws the reason of the signal, if the run is stopped or aborted during the wait
   */
  async waitOut(
    error: unknown,
    answersBefore: number,
    round: number,
    context: BulkContext,
  ): Promise<boolean> {
    const kind = outageOf(error)
    if (kind === undefined) {
      if (hasStatus(error)) this.noteAnswer()
      return false
    }
    if (this.answers > answersBefore || (hasStatus(error) && round >= MAX_ANSWERED_ROUNDS)) return false
    const now = performance.now()
    if (this.#since === undefined && this.#patienceMs > 0) {
      this.#since = now
      this.#onChange(kind)
    }
    if (now - (this.#since ?? 0) >= this.#patienceMs) return false
    const endWait = context.waits('retry')
    try {
      await this.#waitForTurn(context.stopSignal)
      return true
    } finally {
      endWait()
    }
  }

  #waitForTurn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(release), 1)
        if (this.#waiting.length === 0) {
          clearTimeout(this.#timer)
          this.#timer = undefined
        }
        reject(signal.reason as Error)
      }
      const release = (): void => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      if (signal.aborted) {
        reject(signal.reason as Error)
        return
      }
      signal.addEventListener('abort', leave, { once: true })
      this.#waiting.push(release)
      this.#schedule()
    })
  }

  /**
   * Starts the timer that releases the next waiting request. The timer keeps the process alive, since during an outage there may be nothing
   * else that does.
   */
  #schedule(): void {
    if (this.#timer !== undefined || this.#waiting.length === 0) return
    const delayMs = this.#delayMs * (0.5 + Math.random() / 2)
    this.#delayMs = Math.min(this.#delayMs * 2, MAX_DELAY_MS)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#waiting.shift()?.()
      this.#schedule()
    }, delayMs)
  }
}

function outageOf(error: unknown): FailureKind | undefined {
  const kind = receiptOf(error)?.attempts.at(-1)?.failure?.kind
  if (kind !== undefined) return OUTAGES.includes(kind) ? kind : undefined
  return (Object(error) as { code?: unknown }).code === 'breaker_open' ? 'overloaded' : undefined
}

function hasStatus(error: unknown): boolean {
  return receiptOf(error)?.attempts.at(-1)?.status !== undefined
}
