import { APIError } from 'openai'
import { receiptOf } from '../reporting/receipt.ts'

/** A request that waits until it can be sent. */
interface Waiter {
  readonly release: () => void
}

/**
 * Holds back the requests of a run for which the spend limit has no money left, as long as other requests of the run are in flight: their
 * reservations are larger than their cost, so they may give money back. The limit counts as reached only when a request is refused although
 * no other is in flight.
 *
 *     in flight ──refused, others in flight──▶ waits ──one of them ended, or the request released before was sent──▶ in flight
 *         └──────refused, alone───────────────▶ the limit is reached
 */
export class SpendQueue {
  readonly #waiting: Waiter[] = []
  #inFlight = 0

  /**
   * Sends a request, and again each time that it was refused and money may have been given back.
   * @param stopSignal ends the wait; the request is then not sent
   * @throws the error of the last attempt; the reason of the signal if it aborts during the wait
   */
  async send<T>(request: () => Promise<T>, stopSignal: AbortSignal): Promise<T> {
    // A request that is not sent yet does not overtake those that wait.
    if (this.#waiting.length > 0) await this.#wait(stopSignal, false)
    else this.#inFlight++
    for (;;) {
      try {
        const answer = await request()
        this.#end()
        return answer
      } catch (error) {
        this.#inFlight--
        if (!lacksMoney(error) || this.#inFlight === 0) {
          this.#releaseNext()
          throw error
        }
      }
      await this.#wait(stopSignal, true)
    }
  }

  /** Reports that a request of the run was sent, so that there was money for it. There may be enough for the next one, too. */
  noteSent(): void {
    this.#releaseNext()
  }

  #end(): void {
    this.#inFlight--
    this.#releaseNext()
  }

  #releaseNext(): void {
    this.#waiting.shift()?.release()
  }

  /** Waits for a turn. When it resolves, the request counts as in flight, so that no other request takes itself for the only one. */
  #wait(stopSignal: AbortSignal, isFirst: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      if (stopSignal.aborted) {
        reject(stopSignal.reason as Error)
        return
      }
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
        reject(stopSignal.reason as Error)
      }
      const waiter: Waiter = {
        release: () => {
          stopSignal.removeEventListener('abort', leave)
          this.#inFlight++
          resolve()
        },
      }
      stopSignal.addEventListener('abort', leave, { once: true })
      if (isFirst) this.#waiting.unshift(waiter)
      else this.#waiting.push(waiter)
    })
  }
}

/**
 * Whether a request was refused because too little of the spend limit is left, before it may have cost anything. A request whose price is
 * unknown is always refused, and one whose money cannot be counted is refused for long, so neither waits.
 */
function lacksMoney(error: unknown): boolean {
  if (!(error instanceof APIError) || error.code !== 'spend_limit' || typeof error.param === 'string')
    return false
  return (receiptOf(error)?.possiblyBilled ?? 0) === 0
}
