import { endReason } from '../attempt/attempt-scope.ts'
import { TimeoutError } from '../base/errors.ts'
import { whenTimeIsUp } from '../call/call-wait.ts'
import type { Exchange } from '../call/exchange.ts'
import { noteWait } from '../call/note-wait.ts'
import type { PendingReservation, Reservation, SpendRefusal } from '../cost/spend-limit.ts'

/**
 * Waits until money that several processes share is reserved or refused. The receipt gets the wait.
 * @throws the reason why the call ended, if that was first: nothing is reserved then
 */
export function waitForMoney(
  exchange: Exchange,
  pending: PendingReservation,
): Promise<Reservation | SpendRefusal> {
  const { signal, policy } = exchange
  const startedAt = policy.clock.now()
  return new Promise((resolve, reject) => {
    let isOver = false
    const giveUp = (reason: unknown): void => {
      over()
      isOver = true
      pending.cancel()
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a caller's reason may be anything
      reject(reason)
    }
    const abort = (): void => giveUp(endReason(exchange))
    const stopClock = whenTimeIsUp(exchange, () => giveUp(new TimeoutError('total', policy.totalMs)))
    const over = (): void => {
      stopClock()
      signal?.removeEventListener('abort', abort)
      noteWait(exchange, 'limit', startedAt)
    }
    void pending.outcome.then((outcome) => {
      if (isOver) return
      over()
      resolve(outcome)
    })
    if (signal?.aborted) abort()
    else signal?.addEventListener('abort', abort, { once: true })
  })
}
