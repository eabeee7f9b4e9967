import { discardBody } from '@harbor/parts'
import type { Failed, LiveAttempt } from './context.ts'
import type { Run } from './run.ts'

/** Decides whether and when a run calls a second target while the first one is slow. */
export interface Hedge<Target> {
  /** How long a run waits for this target before it also calls a second one, in milliseconds; `undefined` for no hedge. */
  delayMs(target: Target): number | undefined
  /** Takes one hedge from the budget. Returns false if none is left. */
  take(): boolean
  /** Called after an attempt at this target was aborted because another target answered. It had run for `afterMs` milliseconds. */
  abandoned(target: Target, afterMs: number): void
}

/**
 * Calls one target after the other, but at most once per run calls a second target while a slow attempt is still running. The first
 * answer wins, and the other attempt is aborted. If one of two running attempts fails, the run waits for the other one before it calls
 * the next target.
 */
export function race<Target extends { readonly name: string }, T, Answer>(
  run: Run<Target, T, Answer>,
  hedge: Hedge<Target>,
): Promise<Answer> {
  const { strategy, signal } = run
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const live = new Set<LiveAttempt<Target>>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let mayHedge = true
  let open = true

  /** Ends the race: answers, failures and aborts that come later do not change the result. */
  function close(): void {
    open = false
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
  function fail(reason: unknown): void {
    if (!open) return
    close()
    for (const attempt of live) attempt.abort(reason)
    reject(reason)
  }
  function finish(answer: Answer): void {
    close()
    resolve(answer)
  }
  const abort = (): void => fail(signal?.reason)

  function callNext(failed?: Failed<Target>, hedged = false): void {
    try {
      const attempt = run.next(failed, undefined, hedged)
      if (attempt) call(attempt)
      else if (live.size === 0) strategy.giveUp(run.attempts).then(finish, fail)
    } catch (error) {
      // A function from the options threw.
      fail(error)
    }
  }

  function call(attempt: LiveAttempt<Target>): void {
    live.add(attempt)
    run
      .call(attempt)
      .then(
        (value) => answered(attempt, value),
        (error: unknown) => failedWith(attempt, error),
      )
      .catch(fail)
    hedgeLater(attempt.target)
  }

  function answered(attempt: LiveAttempt<Target>, value: T): void {
    if (!open) {
      discardBody(value)
      return
    }
    close()
    live.delete(attempt)
    const answer = strategy.answer(run, attempt, value)
    for (const loser of live) {
      hedge.abandoned(loser.target, run.finish(loser, 'abandoned'))
      loser.abort(new DOMException('another target has answered', 'AbortError'))
    }
    resolve(answer)
  }

  function failedWith(attempt: LiveAttempt<Target>, error: unknown): void {
    if (!open) return
    live.delete(attempt)
    const failed = run.fail(attempt, error)
    // If another attempt is still running, the run waits for it before it calls the next target.
    if (live.size === 0) callNext(failed)
  }

  function hedgeLater(target: Target): void {
    clearTimeout(timer)
    const delayMs = open && mayHedge && run.hasNext ? hedge.delayMs(target) : undefined
    if (delayMs === undefined) return
    timer = setTimeout(() => {
      mayHedge = false
      if (hedge.take()) callNext(undefined, true)
    }, delayMs)
    // Does not keep the process alive. In browsers a timer is a number.
    ;(timer as { unref?: () => void }).unref?.()
  }

  signal?.addEventListener('abort', abort)
  if (signal?.aborted) abort()
  else callNext()
  return promise
}
