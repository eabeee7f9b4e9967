import { LiveAttempt, type Limits, type Operation } from './attempt.ts'
import { classify as classifyAny } from './classify.ts'
import { notify, type GiveUpEvent } from './events.ts'
import { interruptible, sleep } from './interruptible.ts'
import type { Policy } from './options.ts'
import { letGo } from './outcome.ts'
import { planNext } from './plan.ts'
import { rejection } from './rejection.ts'
import { causeOfStop } from './stop-retrying.ts'
import { TimeoutError } from './timeout-error.ts'

/**
 * One operation, attempted until it succeeds or there is a reason to stop.
 *
 *     attempt ── accepted ────────────────────▶ resolve
 *        ▲  └─── error, refused result ─▶ plan ─▶ give up: reject with the error, resolve to the result
 *        └─────────── wait ◀──────────────┘
 *
 * The signal's abort leads out of every place at once, with its reason.
 *
 * @param limits what may end an attempt or a wait from outside
 * @param startedAt when the run began, if that was earlier, on the policy's clock
 */
export function run<T>(
  policy: Policy,
  operation: Operation<T>,
  limits: Limits | undefined,
  startedAt?: number,
): Promise<T> {
  const end = limits && reasonNotToBegin(limits)
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
  // The loop is entered only when it is needed: success costs one callback, not an async function.
  return attempt
    .make(operation, limits)
    .then(
      policy.shouldRetryResult && ((value) => goOn(policy, operation, limits, attempt, value, false)),
      (error: unknown) => goOn(policy, operation, limits, attempt, error, true),
    )
}

/** With an aborted signal, or no time, not even the first attempt is made. */
function reasonNotToBegin({ signal, deadlineMs }: Limits): GiveUpEvent | undefined {
  if (signal?.aborted) return { attempts: 0, reason: 'aborted', error: signal.reason }
  if (deadlineMs > 0) return undefined
  return { attempts: 0, reason: 'deadline', error: new TimeoutError('deadline', deadlineMs, 0) }
}

/** @param value what the attempt ended with, `thrown` or not */
async function goOn<T>(
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
    let giveBack: (() => void) | undefined
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
      // The budget is asked last: a run that ends anyway takes nothing.
      if (budget && typeof plan === 'object') {
        giveBack = budget.withdraw()
        if (!giveBack) plan = 'budget'
      }
      if (typeof plan === 'string') {
        notify(onGiveUp, { attempts, reason: plan, failure, error })
        break
      }
      letGo(value)
      notify(onRetry, { attempt: attempts, ...plan, failure, error })
      if (clock.sleep) await interruptible(async () => clock.sleep?.(plan.delayMs, signal), { signal })
      else await sleep(plan.delayMs, signal)
      signal?.throwIfAborted()
      if (plan.reason === 'backoff') previousDelayMs = plan.delayMs
    } catch (cause) {
      // Aborted, or a function of the caller's threw. An attempt that is not made costs no budget.
      giveBack?.()
      letGo(value)
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
