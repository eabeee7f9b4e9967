import type { BreakerOpenError } from '@harbor/breaker'
import type { Failure } from '@harbor/retry'
import { AttemptError } from './attempt-error.ts'
import { UnusableKeyError } from './unusable-key-error.ts'
import { noRoomForPot, tooLittleLeft } from '../cost/limit-words.ts'
import type { DrawRefusal } from '../cost/purse.ts'
import type { ClientClosedError } from '../base/errors.ts'
import type { LegExchange } from '../call/exchange.ts'
import { UNKNOWN_WAIT_MS, harborAnswer } from './harbor-answer.ts'

// Errors for requests that Harbor itself refuses to send. Each contains the answer that the caller gets.

/** Makes the error for an attempt at a target whose circuit is open. */
export function circuitOpen(exchange: LegExchange, cause: BreakerOpenError): AttemptError {
  return notSent(exchange, 503, 'breaker_open', {
    message:
      `${exchange.leg.target.name} fails too often and was not called: its circuit is ${cause.state}. ` +
      `Try again later, or name another target in the \`fallback\` option.`,
    retryAfterMs: cause.retryAfterMs,
    cause,
  })
}

/** Makes the error for a call when none of its targets may be called now. */
export function nothingAvailable(exchange: LegExchange, retryAfterMs: number): AttemptError {
  const why = skippedIn(exchange)
  return notSent(exchange, 503, 'breaker_open', {
    message: `No target of this call is available, so nothing was sent (${why}). Try again later, or name another target in the \`fallback\` option.`,
    retryAfterMs,
  })
}

/** Makes the error for a call when none of its targets can ever serve its request. */
export function nothingCapable(exchange: LegExchange): AttemptError {
  const why = skippedIn(exchange)
  return notSent(exchange, 400, 'no_capable_target', {
    message: `No target of this call can serve its request, so nothing was sent (${why}). Change the request, or name another target in the \`fallback\` option.`,
  })
}

/** Makes the error for a call that has already sent the number of requests that `maxUpstreamCalls` allows. */
export function upstreamCallsUsedUp(exchange: LegExchange): AttemptError {
  return notSent(exchange, 503, 'upstream_calls', {
    message: `The call has sent the ${exchange.policy.maxUpstreamCalls} requests that maxUpstreamCalls allows.`,
  })
}

/**
 * Makes the error for a call that the `limits` of its target do not let through in time.
 * @param waitMs how long the call would have to wait, in milliseconds; undefined if the request is larger than a limit ever allows
 */
export function limitReached(
  exchange: LegExchange,
  waitMs: number | undefined,
  cause?: unknown,
): AttemptError {
  const { target } = exchange.leg
  const why =
    waitMs === undefined
      ? `the request is larger than they ever allow (${cause instanceof Error ? cause.message : 'too many tokens'})`
      : waitMs === Infinity
        ? 'they are not known before the first answers'
        : `there is room in ${Math.ceil(waitMs)} ms, which is longer than the call may take`
  // Without a time, a caller that retries would do so at once, again and again.
  const retryAfterMs = waitMs === Infinity ? UNKNOWN_WAIT_MS : waitMs
  return notSent(exchange, 429, 'local_rate_limit', {
    message: `The limits of ${target.name} let nothing through, so nothing was sent: ${why}.`,
    retryAfterMs,
    cause,
  })
}

/** Makes the error for a call that finds the queue for the limits of its target full. */
export function limiterFull(exchange: LegExchange, cause: Error): AttemptError {
  const { message } = cause
  return notSent(exchange, 429, 'queue_full', { message, retryAfterMs: UNKNOWN_WAIT_MS, cause })
}

/** The code of the errors for calls that Harbor does not send because of a spend limit. */
const SPEND_LIMIT = 'spend_limit'

/** Whether a call was refused because of a spend limit. */
export function isSpendRefusal(error: unknown): error is AttemptError {
  return (
    error instanceof AttemptError && error.failure.kind === 'refused' && error.failure.code === SPEND_LIMIT
  )
}

/**
 * Whether a call failed for lack of money: it was refused because of a spend limit, or another target or attempt could have answered it that its
 * money did not pay for.
 */
export function isForLackOfMoney(error: unknown): error is AttemptError {
  return error instanceof AttemptError && (error.exchange.receipt.lackedMoney || isSpendRefusal(error))
}

/**
 * Makes the error for a call whose model has no known price, when a spend limit is set.
 * @param parts the names of tools and other models of the provider whose price is unknown, although that of the model is known
 */
export function priceUnknown(exchange: LegExchange, parts?: readonly string[]): AttemptError {
  const { name } = exchange.leg.target
  const [what, where] = parts
    ? [`${parts.join(', ')} at ${name}`, '`models` (that of a tool as perServerToolUse)']
    : [name, '`models`']
  return notSent(exchange, 402, SPEND_LIMIT, {
    message:
      `Nothing was sent: the price of ${what} is unknown. ` +
      `Give it in ${where}, or set spendLimit.unpriced to 'allow'.`,
    param: 'price',
  })
}

/** Makes the error for a call to an endpoint that may be billed at an unknown price, when a spend limit is set. */
export function endpointUnpriced(exchange: LegExchange): AttemptError {
  const { method, url } = exchange
  return notSent(exchange, 402, SPEND_LIMIT, {
    message:
      `Nothing was sent: the price of ${method} ${new URL(url).pathname} is unknown. ` +
      `Set spendLimit.unpriced to 'allow' to send it uncounted.`,
    param: 'price',
  })
}

/** Makes the error for a call or an attempt for which too little is left of a spend limit. */
export function spendLimitExceeded(exchange: LegExchange, refusal: DrawRefusal): AttemptError {
  const { untilMs, isFull } = refusal
  const renewed = untilMs === Infinity ? '' : ` It is renewed at ${new Date(untilMs).toISOString()}.`
  const severalLimits = (exchange.policy.spendLimits?.length ?? 0) > 1
  return notSent(exchange, 402, SPEND_LIMIT, {
    message: `Nothing was sent: ${isFull ? noRoomForPot(refusal) : tooLittleLeft(refusal, severalLimits)}.${renewed}`,
    param: isFull ? 'labels' : undefined,
    retryAfterMs: untilMs === Infinity ? undefined : Math.max(0, untilMs - exchange.policy.clock.now()),
  })
}

/** Makes the error for a call with `cache: 'only-if-cached'` that has no cached answer. */
export function notCached(exchange: LegExchange, cause?: unknown): AttemptError {
  const message = "Nothing is cached for this request, and `cache: 'only-if-cached'` sends none."
  return notSent(exchange, 504, 'not_cached', { message, cause })
}

/** The code of the error for a call that could not be signed, because a key function or a hook failed. */
export const CREDENTIAL_FAILED = 'credential_failed'

/** Makes the error for a call that could not be signed, because its key function or a signing hook of the client failed. */
export function credentialFailed(exchange: LegExchange, cause: unknown): AttemptError {
  const { provider, key } = exchange.leg
  const source =
    provider.native && !key
      ? 'The apiKey function of the client, or a hook of its class,'
      : `The apiKey function of providers.${provider.name}${key ? ` at index ${key.index}` : ''}`
  const what =
    cause instanceof UnusableKeyError
      ? `${cause.message}, so nothing was sent.`
      : 'threw, so nothing was sent. Its error is in the log at level debug.'
  const failed = notSent(exchange, 401, CREDENTIAL_FAILED, { message: `${source} ${what}`, cause })
  exchange.log('debug', () => `${exchange.receipt.id}: apiKey of ${provider.name} failed: ${String(cause)}`)
  return failed
}

/** Makes the error for a target that is skipped because the client was closed, while another target of the call may still answer. */
export function leftOutByClose(exchange: LegExchange, cause: ClientClosedError): AttemptError {
  return notSent(exchange, 503, cause.code, { message: cause.message, cause })
}

/** Returns the skipped targets of a call, each with the reason, in words. */
function skippedIn({ receipt }: LegExchange): string {
  return receipt.skipped.map(({ target, reason }) => `${target}: ${reason}`).join('; ')
}

/** Makes the error for a request that Harbor refuses to send, with the answer that the caller gets. */
function notSent(
  exchange: LegExchange,
  status: number,
  code: string,
  facts: {
    message: string
    param?: string | undefined
    retryAfterMs?: number | undefined
    cause?: unknown
  },
): AttemptError {
  const { message, param, retryAfterMs, cause } = facts
  const answer = harborAnswer(exchange, status, { message, code, ...(param !== undefined && { param }) })
  if (retryAfterMs !== undefined) answer.headers.set('retry-after-ms', String(Math.ceil(retryAfterMs)))
  const failure: Failure = {
    kind: 'refused',
    code,
    retryable: false,
    ambiguous: false,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  }
  return new AttemptError(exchange, failure, { answer, cause })
}
