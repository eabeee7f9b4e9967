import { LiveAttempt, type Limits, type Operation } from './attempt.ts'
import { notify, type GiveUpEvent } from './events.ts'
import { interruptible } from './interruptible.ts'
import type { Settings } from './options.ts'
import { letGo, type Outcome } from './outcome.ts'
import { planNext, type Plan, type Wait } from './plan.ts'
import { rejection } from './rejection.ts'
import { sleep } from './sleep.ts'
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
 */
export function run<T>(settings: Settings, operation: Operation<T>, limits?: Limits): Promise<T> {
  const end = limits && reasonNotToBegin(limits)
  if (end) {
    notify(settings.onGiveUp, end)
    return rejection(end.error)
  }
  settings.budget?.deposit()
  const attempt = new LiveAttempt(settings.clock, settings.clock.now(), 1, undefined)
  // The loop is entered only when it is needed: success costs one callback, not an async function.
  return attempt
    .make(operation, limits)
    .then(
      settings.shouldRetryResult &&
        ((value) => goOn(settings, operation, limits, attempt, { thrown: false, value })),
      (error: unknown) => goOn(settings, operation, limits, attempt, { thrown: true, value: error }),
    )
}

async function goOn<T>(
  settings: Settings,
  operation: Operation<T>,
  limits: Limits | undefined,
  attempt: LiveAttempt,
  outcome: Outcome,
): Promise<T> {
  let previousDelayMs = 0
  for (;;) {
    const wait = await recover(settings, limits, attempt, outcome, previousDelayMs)
    if (!wait) return outcome.value as T
    if (wait.reason === 'backoff') previousDelayMs = wait.delayMs
    attempt = attempt.next(outcome.thrown ? outcome.value : undefined)
    try {
      outcome = { thrown: false, value: await attempt.make(operation, limits) }
    } catch (error) {
      outcome = { thrown: true, value: error }
    }
  }
}

/** With an aborted signal, or no time, not even the first attempt is made. */
function reasonNotToBegin({ signal, deadlineMs }: Limits): GiveUpEvent | undefined {
  if (signal?.aborted) return { attempts: 0, reason: 'aborted', error: signal.reason }
  if (deadlineMs > 0) return undefined
  return { attempts: 0, reason: 'deadline', error: new TimeoutError('deadline', deadlineMs, 0) }
}

/**
 * What happens between two attempts. Resolves to the wait that has passed, or to nothing if there is a result to be taken:
 * it was accepted, or it is the last. Rejects with what the run rejects with.
 */
async function recover(
  settings: Settings,
  limits: Limits | undefined,
  attempt: LiveAttempt,
  outcome: Outcome,
  previousDelayMs: number,
): Promise<Wait | undefined> {
  const signal = limits?.signal
  const attempts = attempt.number
  const error = outcome.thrown ? outcome.value : undefined
  let plan: Plan
  try {
    if (!outcome.thrown && !settings.shouldRetryResult?.(outcome.value, attempt)) return undefined
    signal?.throwIfAborted()
    plan = await planNext(settings, limits, attempt, outcome, previousDelayMs)
    if (plan.wait) {
      letGo(outcome.value)
      notify(settings.onRetry, { attempt: attempts, ...plan.wait, failure: plan.failure, error })
      await pass(plan.wait, settings, signal, plan.giveBack)
      return plan.wait
    }
  } catch (thrown) {
    letGo(outcome.value)
    const reason = signal?.aborted ? 'aborted' : 'broken'
    const last = signal?.aborted ? (signal.reason as unknown) : thrown
    notify(settings.onGiveUp, { attempts, reason, error: last })
    throw last
  }
  notify(settings.onGiveUp, { attempts, reason: plan.reason, failure: plan.failure, error })
  if (outcome.thrown) throw error
  return undefined
}

/** Waits. A run that is aborted meanwhile makes no attempt, so it gives back what it took from the budget. */
async function pass(
  { delayMs }: Wait,
  { clock }: Settings,
  signal: AbortSignal | undefined,
  giveBack: (() => void) | undefined,
): Promise<void> {
  try {
    if (clock.sleep) await interruptible(async () => clock.sleep?.(delayMs, signal), { signal })
    else await sleep(delayMs, signal)
    signal?.throwIfAborted()
  } catch (error) {
    giveBack?.()
    throw error
  }
}
