import { record } from './answer.ts'
import type { LiveAttempt } from './context.ts'
import { letGo } from './let-go.ts'
import type { Failed, Run } from './run.ts'
import { unref } from './unref.ts'

export interface Hedge<Target> {
  /** After how long a second attempt joins one that this target makes, in milliseconds; `undefined` for never. */
  delayMs(target: Target): number | undefined
  /** Whether there may be one more now, which then counts. */
  take(): boolean
  /** This target was still at it after so long, when another one had answered. */
  abandoned(target: Target, afterMs: number): void
}

/**
 * Calls one target after the other and, once a run, when an attempt takes long, another one beside it. The first answer wins,
 * and what still goes on is aborted. The next target is called when nothing goes on any more.
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

  /** Nothing that comes later changes anything. */
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
      // One of the caller's own functions threw: there is nothing to go by.
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
      letGo(value)
      return
    }
    close()
    live.delete(attempt)
    const answer = strategy.answer(run, attempt, value)
    for (const loser of live) {
      hedge.abandoned(loser.target, record(run, loser, 'abandoned'))
      loser.abort(new DOMException('another target has answered', 'AbortError'))
    }
    resolve(answer)
  }

  function failedWith(attempt: LiveAttempt<Target>, error: unknown): void {
    if (!open) return
    live.delete(attempt)
    const failed = run.fail(attempt, error)
    // A hedge that still goes on is the next target already.
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
    unref(timer)
  }

  signal?.addEventListener('abort', abort)
  if (signal?.aborted) abort()
  else callNext()
  return promise
}
