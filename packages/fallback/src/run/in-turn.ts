import { discardBody, untilAborted } from '@harbor/parts'
import type { Failed } from './context.ts'
import type { Run } from './run.ts'

/**
 * Calls one target after the other until one answers.
 *
 *     next target ── answered ────────────────────▶ resolve
 *       ▲     └───── failed ──▶ shouldAdvance? ───▶ no: reject with that error
 *       └────────── a target is left ◀── yes ─────▶ none is left: the last resort, or AllTargetsFailedError
 *
 * When the caller aborts, every step ends at once with the signal's reason.
 */
export function inTurn<Target extends { readonly name: string }, T, Answer>(
  run: Run<Target, T, Answer>,
): Promise<Answer> {
  const { signal } = run
  return signal ? untilAborted(signal, () => callNext(run)) : callNext(run)
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
      if (signal?.aborted) discardBody(value)
      signal?.throwIfAborted()
      return strategy.answer(run, live, value)
    },
    (error: unknown) => {
      signal?.throwIfAborted()
      return callNext(run, run.fail(live, error))
    },
  )
}
