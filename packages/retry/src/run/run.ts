import { discardBody, rejection } from '@harbor/parts'
import { notify, type GiveUpEvent } from '../events.ts'
import { classify as classifyAny } from '../failure/classify.ts'
import type { Policy } from '../options.ts'
import { causeOfStop } from '../stop-retrying.ts'
import { TimeoutError } from '../timeout-error.ts'
import { LiveAttempt, type Limits, type Operation } from './attempt.ts'
import { interruptible, sleep } from './interruptible.ts'
import { planNext } from './plan.ts'

/**
 * Attempts an operation until it succeeds or there is a reason to stop.
 *
 *     attempt ── accepted ─────────────────────▶ resolve
 *        ▲  └─── error, rejected result ─▶ plan ─▶ give up: reject with the error, or resolve to the result
 *        └─────────── delay ◀──────────────┘
 *
 * When the signal aborts, every step ends at once with the signal's reason.
 *
 * @param limits what can end an attempt or a delay from outside
 * @param startedAt when the run started, on the policy's clock, if the caller made its first attempt
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
  // The async function runs only after a failure: a success takes one callback.
  return attempt
    .make(operation, limits)
    .then(
      policy.shouldRetryResult && ((value) => continueRun(policy, operation, limits, attempt, value, false)),
      (error: unknown) => continueRun(policy, operation, limits, attempt, error, true),
    )
}

/** With an aborted signal, or no time left, not even the first attempt is made. */
function reasonNotToStart({ signal, deadlineMs }: Limits): GiveUpEvent | undefined {
  if (signal?.aborted) return { attempts: 0, reason: 'aborted', error: signal.reason }
  if (deadlineMs > 0) return undefined
  return { attempts: 0, reason: 'deadline', error: new TimeoutError('deadline', deadlineMs, 0) }
}

/** @param value the error or result that the attempt ended with */
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
      if (!thrown && !shouldRetryResult?.(value, attempt)) return value as T
      signal?.throwIfAborted()
      const stop = thrown ? causeOfStop(value) : undefined
      if (stop) {
        value = stop.cause
        notify(onGiveUp, { attempts, reason: 'stopped', failure: classify(value), error: value })
        break
      }
      const failure = classify(value)
      let plan = await planNext(options, limits, attempt, failure, thrown, previousDelayMs)
      // Last, so that a run which ends anyway takes nothing from the budget.
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
      if (clock.sleep) await interruptible(async () => clock.sleep?.(plan.delayMs, signal), { signal })
      else await sleep(plan.delayMs, signal)
      signal?.throwIfAborted()
      if (plan.reason === 'backoff') previousDelayMs = plan.delayMs
    } catch (cause) {
      // Aborted, or a function of the caller's threw. The attempt is not made, so the budget gets it back.
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
