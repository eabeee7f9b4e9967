import { letGo } from './let-go.ts'
import type { Failed, Run } from './run.ts'
import { untilAborted } from './until-aborted.ts'

/**
 * Calls one target after the other.
 *
 *     next target ── answered ─────────────────────▶ resolve
 *       ▲     └───── failed ──▶ does it advance? ──▶ no: reject with that error
 *       └────────── a target is left ◀── yes ──────▶ none is left: the last resort, or AllTargetsFailedError
 *
 * The caller's abort leads out of every place at once, with its reason.
 */
export function inTurn<Target extends { readonly name: string }, T, Answer>(
  run: Run<Target, T, Answer>,
): Promise<Answer> {
  return run.signal ? untilAborted(run.signal, () => callNext(run)) : callNext(run)
}

function callNext<Target extends { readonly name: string }, T, Answer>(
  run: Run<Target, T, Answer>,
  failed?: Failed<Target>,
): Promise<Answer> {
  const { strategy, signal } = run
  const live = run.next(failed, signal)
  if (!live) return strategy.giveUp(run.attempts)
  return run.call(live).then(
    (value) => {
      if (signal?.aborted) letGo(value)
      signal?.throwIfAborted()
      return strategy.answer(run, live, value)
    },
    (error: unknown) => {
      signal?.throwIfAborted()
      return callNext(run, run.fail(live, error))
    },
  )
}
