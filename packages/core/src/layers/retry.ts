import {
  classify,
  createRetry,
  TimeoutError as RunTimeoutError,
  type Failure,
  type RetryPolicy,
} from '@harbor/retry'
import { endReason } from '../attempt/attempt-scope.ts'
import { shortWaits } from '../attempt/short-wait.ts'
import { AttemptError } from '../attempt/attempt-error.ts'
import { RetryPause } from '../call/retry-pause.ts'
import { noteWait } from '../call/note-wait.ts'
import { TimeoutError } from '../base/errors.ts'
import { remainingMs, type Answer, type LegExchange, type LegHandler } from '../call/exchange.ts'
import type { Policy } from '../policy/policy.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { mayChangeKey, mayRetryHere } from '../attempt/next-step.ts'

/**
 * The time, in milliseconds, by which the deadline of the retry policy is later than that of the call. So the timeout of the attempt fires
 * first. Its error says more.
 */
const MARGIN_MS = 2

/** Retries failed attempts at one target. Only this layer retries. */
export function retryLayer(telemetry: Telemetry): (next: LegHandler) => LegHandler {
  const policies = new WeakMap<Policy, RetryPolicy>()

  function policyOf(policy: Policy): RetryPolicy {
    const known = policies.get(policy)
    if (known) return known
    const made = createPolicy(policy, telemetry)
    policies.set(policy, made)
    return made
  }

  return (next) =>
    async function retry(exchange) {
      const { policy, signal } = exchange
      if (signal?.aborted) throw endReason(exchange)
      if (!exchange.replayable || policy.maxAttempts === 1) return next(exchange)
      const startedAt = policy.clock.now()
      const first = next(exchange)
      try {
        // Most calls succeed at once, so the first attempt is made without the cost of a retry run. With a retry budget, however, it is
        // awaited inside the run below, since the budget counts first attempts, too.
        if (!policy.retry.budget) return await first
      } catch (error) {
        // Without time for another attempt, its error is that of the call. The run would say only that the time is up.
        if (remainingMs(exchange) === 0) throw error
        // Otherwise the retry run below begins with this failed attempt.
      }
      let lastAnswer: Answer | undefined
      const rememberingAnswer = async (attempt: Promise<Answer>): Promise<Answer> => {
        try {
          return await attempt
        } catch (error) {
          if (error instanceof AttemptError && error.failure.kind !== 'refused')
            lastAnswer = error.answer ?? lastAnswer
          throw error
        }
      }
      const endPause = (): void => {
        const { pause } = exchange.leg
        if (pause) noteWait(exchange, pause.reason, pause.startedAt)
        exchange.leg.pause = undefined
      }
      const again = (): Promise<Answer> => {
        endPause()
        return next(exchange)
      }
      let attempts = 0
      const pause = new RetryPause(exchange)
      try {
        return await policyOf(policy).run(
          () => rememberingAnswer(pause.during(attempts++ === 0 ? first : again())),
          {
            signal: pause.signal,
            startedAt,
            // A caller with more time that joins a shared call moves its deadline.
            deadlineMs: () => exchange.deadline.at - startedAt + MARGIN_MS,
          },
        )
      } catch (error) {
        // After a wait that ended late, there may be no time left for an attempt.
        if (RunTimeoutError.is(error)) throw new TimeoutError('total', exchange.policy.totalMs, error)
        throw withEarlierAnswer(lastAnswer, error)
      } finally {
        pause.end()
        endPause()
      }
    }
}

function createPolicy(policy: Policy, telemetry: Telemetry): RetryPolicy {
  const { shouldRetry: own, random = Math.random } = policy.retry
  const delayMs = shortWaits(policy)
  /** Failures of attempts at a target while another target could take over. Their retries wait only for a short time. */
  const replaceable = new WeakSet<Failure>()
  /** Failures after which the next attempt uses another key. That attempt does not have to wait. */
  const withOtherKey = new WeakSet<Failure>()
  return createRetry({
    ...policy.retry,
    maxAttempts: policy.maxAttempts,
    clock: policy.clock,
    classify: (error) => {
      if (!(error instanceof AttemptError)) return { ...classify(error), retryable: false }
      const { exchange } = error
      const changesKey = mayChangeKey(exchange, error.failure)
      const failure = {
        ...soonestKey(exchange, error.failure),
        retryable: changesKey || mayRetryHere(exchange, error.failure),
      }
      if (changesKey) withOtherKey.add(failure)
      if (exchange.leg.canMoveOn) replaceable.add(failure)
      return failure
    },
    shouldRetry: async (failure, attempt) => {
      const decision = own ? await own(failure, attempt) : failure.retryable
      if (decision === true && withOtherKey.has(failure)) return { retry: true, delayMs: 0 }
      const isShort = decision === true && failure.retryAfterMs === undefined && replaceable.has(failure)
      return isShort ? { retry: true, delayMs: delayMs(attempt.number, 0, random) } : decision
    },
    onRetry: (event) => {
      if (event.error instanceof AttemptError) noteRetry(event.error.exchange, event, telemetry)
      policy.retry.onRetry?.(event)
    },
  })
}

/**
 * Returns the failure with a shorter wait: until the first of the provider's keys is out of cooldown. Returns it unchanged if it has no
 * wait, or the provider has only one key.
 */
function soonestKey({ leg }: LegExchange, failure: Failure): Failure {
  if (failure.retryAfterMs === undefined || !leg.keyFreeInMs) return failure
  return { ...failure, retryAfterMs: Math.min(failure.retryAfterMs, leg.keyFreeInMs()) }
}

function noteRetry(
  { receipt, log, leg, policy }: LegExchange,
  { delayMs, reason, failure }: { delayMs: number; reason: string; failure: Failure },
  telemetry: Telemetry,
): void {
  const attempt = receipt.attempts.at(-1)
  // Nothing was sent if the function that returns a key failed.
  if (!attempt || failure.kind === 'refused') return
  const waitedFor = reason === 'retry-after' ? 'retry-after' : 'backoff'
  if (delayMs > 0 || !leg.key) receipt.waited(delayMs, waitedFor)
  const failedAt =
    attempt.durationMs === undefined ? policy.clock.now() : attempt.startedAt + attempt.durationMs
  leg.pause = { reason: waitedFor, startedAt: failedAt }
  telemetry.emit('retry', { receipt, attempt, delayMs, reason: waitedFor })
  const line = (): string =>
    `${receipt.id}: attempt ${attempt.number} failed (${attempt.failure?.kind ?? 'unknown'}), ` +
    `next in ${Math.round(delayMs)} ms (${waitedFor})`
  telemetry.shield('The logger threw', () => log('info', line))
}

/**
 * Adds an earlier answer of the upstream server to an error that has none, such as a broken connection or a refusal by Harbor, because the
 * answer says more. An error of the total timeout is returned unchanged.
 */
function withEarlierAnswer(lastAnswer: Answer | undefined, error: unknown): unknown {
  if (!(error instanceof AttemptError) || !lastAnswer || (error.answer && error.failure.kind !== 'refused'))
    return error
  if (TimeoutError.is(error.cause) && error.cause.clock === 'total') return error
  return new AttemptError(error.exchange, error.failure, { answer: lastAnswer, cause: error.cause })
}
