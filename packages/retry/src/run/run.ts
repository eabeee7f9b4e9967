import { discardBody, rejection } from '@harbor/parts'
import { notify, type GiveUpEvent } from '../events.ts'
import { classify as classifyAny } from '../failure/classify.ts'
import type { Policy } from '../options.ts'
import { causeOfStop } from '../stop-retrying.ts'
import { TimeoutError } from '../timeout-error.ts'
import { LiveAttempt, type Limits, type Operation } from './attempt.ts'
import { sleep, unlessAborted } from './interruptible.ts'
import { planNext } from './plan.ts'

/**
 * Calls an operation until it succeeds or there is a reason to stop.
 *
 *     attempt ── accepted ─────────────────────▶ resolve
 *        ▲  └─── error, rejected result ─▶ plan ─▶ give up: reject with the error, or resolve to the result
 *        └─────────── delay ◀──────────────┘
 *
 * When the signal aborts, every step ends at once with the signal's reason.
 *
 * @param limits the signal and the time limits of the run; `undefined` if there are none
 * @param startedAt the start of the run on the policy's clock, if the first attempt was started before this function was called
 */
export function run<T>(
  policy: Policy,
  operation: Operation<T>,
  limits: Limits | undefined,
  startedAt?: number,
): Promise<T> {
  const end = limits && reasonNotToStart(limits)
  if (end) {
    notify(policy.options.onGiveUp, end)
    return rejection(end.error)
  }
  policy.budget?.deposit()
  const attempt = new LiveAttempt(
    policy.clock,
    startedAt ?? policy.clock.now(),
    1,
    undefined,
    startedAt !== undefined,
  )
  // The async `continueRun` is called only after an error, or to check a result: a success takes one callback.
  return attempt
    .make(operation, limits)
    .then(
      policy.shouldRetryResult && ((value) => continueRun(policy, operation, limits, attempt, value, false)),
      (error: unknown) => continueRun(policy, operation, limits, attempt, error, true),
    )
}

/**
 * Returns the event of a run that cannot make an attempt, because its signal is aborted or no time is left. Returns undefined
 * for any other run.
 */
function reasonNotToStart({ signal, deadlineMs }: Limits): GiveUpEvent | undefined {
  if (signal?.aborted) return { attempts: 0, reason: 'aborted', error: signal.reason }
  if (deadlineMs() > 0) return undefined
  return { attempts: 0, reason: 'deadline', error: new TimeoutError('deadline', deadlineMs(), 0) }
}

/**
 * Continues a run after its first attempt: makes further attempts, with delays between them, until a result is accepted or the
 * run gives up.
 *
 * @param value the error or the result of the first attempt
 * @param thrown whether `value` is an error
 */
async function continueRun<T>(
  { options, clock, budget, shouldRetryResult }: Policy,
  operation: Operation<T>,
  limits: Limits | undefined,
  attempt: LiveAttempt,
  value: unknown,
  thrown: boolean,
): Promise<T> {
  const { classify = classifyAny, onRetry, onGiveUp } = options
  const signal = limits?.signal
  let previousDelayMs = 0
  for (;;) {
    const attempts = attempt.number
    const error = thrown ? value : undefined
    let refund: (() => void) | undefined
    try {
      if (!thrown && !(await unlessAborted(signal, () => shouldRetryResult?.(value, attempt))))
        return value as T
      signal?.throwIfAborted()
      const stop = thrown ? causeOfStop(value) : undefined
      if (stop) {
        value = stop.cause
        notify(onGiveUp, { attempts, reason: 'stopped', failure: classify(value), error: value })
        break
      }
      const failure = classify(value)
      let plan = await planNext(options, limits, attempt, failure, thrown, previousDelayMs)
      // Taken last, so that a run that ends for another reason takes no retry from the budget.
      if (budget && typeof plan === 'object') {
        refund = budget.withdraw()
        if (!refund) plan = 'budget'
      }
      if (typeof plan === 'string') {
        notify(onGiveUp, { attempts, reason: plan, failure, error })
        break
      }
      discardBody(value)
      notify(onRetry, { attempt: attempts, ...plan, failure, error })
      if (clock.sleep) await unlessAborted(signal, () => clock.sleep?.(plan.delayMs, signal))
      // A timer takes a millisecond or more, also for 0. Only the second attempt does without: a loop of attempts that fail at once must leave
      // the process time for other work.
      else if (plan.delayMs > 0 || attempts > 1) await sleep(plan.delayMs, signal)
      signal?.throwIfAborted()
      if (plan.reason === 'backoff') previousDelayMs = plan.delayMs
    } catch (cause) {
      // The signal aborted, or a function from the options threw. The planned retry is not made, so it goes back to the budget.
      refund?.()
      discardBody(value)
      const aborted = signal?.aborted
      const last: unknown = aborted ? signal.reason : cause
      notify(onGiveUp, { attempts, reason: aborted ? 'aborted' : 'broken', error: last })
      throw last
    }
    attempt = attempt.next(error)
    thrown = false
    try {
      value = await attempt.make(operation, limits)
    } catch (failed) {
      value = failed
      thrown = true
    }
  }
  if (thrown) throw value
  return value as T
}
