import type { WorkContext } from '@harbor/cache'
import { copyHeaders } from '../base/readonly-headers.ts'
import type { Target } from '../reporting/target.ts'
import { requestedOf } from '../targets/plan.ts'
import type { Deadline, Exchange, LegExchange } from './exchange.ts'
import { Leg } from './leg.ts'

/**
 * The time by which the timeouts of the pipeline are shorter than those of the cache, in milliseconds. The pipeline should end a call
 * first, because its error says more about the cause.
 */
export const MARGIN_MS = 5

/**
 * Makes the exchange of the one call that is sent for all callers of the same request. This call is aborted when all callers have left. Its
 * deadline is the latest of their deadlines. It has a receipt of its own.
 */
export function sharedExchange(exchange: Exchange, context: WorkContext): Exchange {
  const { signal } = context
  const latestAt = exchange.policy.clock.now() + exchange.policy.totalMs
  const deadline = new SharedDeadline(context, latestAt)
  return { ...exchange, signal, callerSignal: signal, deadline, receipt: exchange.receipt.fork() }
}

/**
 * The latest deadline of all callers that wait for a call. If no caller waits, the call has its full total time, counted from its start.
 */
class SharedDeadline implements Deadline {
  readonly #context: WorkContext
  readonly #latestAt: number

  constructor(context: WorkContext, latestAt: number) {
    this.#context = context
    this.#latestAt = latestAt
  }

  get at(): number {
    const { deadlineAt } = this.#context
    return deadlineAt === Infinity ? this.#latestAt : deadlineAt - MARGIN_MS
  }
}

/**
 * The parts of a call that are needed to send its request again later. Signals and deadline are left out, since they belong to the caller.
 */
export type ReusableParts = Omit<Exchange, 'signal' | 'callerSignal' | 'deadline'>

export function reusableParts(exchange: Exchange): ReusableParts {
  const { signal: _signal, callerSignal: _caller, deadline: _deadline, ...parts } = exchange
  const { signal: _sdks, ...init } = parts.init
  return { ...parts, init }
}

/**
 * Makes the exchange with which Harbor sends an earlier request again as a prefetch. No caller waits for this call.
 * @param paying the call after which the request was predicted. The prefetch has its labels, and is paid under its spend limits
 */
export function prefetchExchange(
  parts: ReusableParts,
  paying: ReusableParts,
  id: string,
  signal: AbortSignal,
): Exchange {
  const { receipt, headers, perCall } = parts
  const { spendLimits } = paying.policy
  const policy = spendLimits === parts.policy.spendLimits ? parts.policy : { ...parts.policy, spendLimits }
  const startedAt = policy.clock.now()
  const { onReceipt: _listener, ...options } = perCall
  return {
    ...parts,
    policy,
    headers: copyHeaders(headers),
    signal,
    callerSignal: signal,
    deadline: { at: startedAt + policy.totalMs },
    receipt: receipt.again(id, startedAt, paying.receipt.labels),
    observed: undefined,
    captured: undefined,
    perCall: { ...options, cache: 'default', lastResort: false, isPrefetch: true },
  }
}

/** Makes the exchange for the first target of the chain. It is used to report a failure that occurs before a target is chosen. */
export function atFirstTarget(exchange: Exchange, targets: readonly Target[]): LegExchange {
  const target = requestedOf(targets)
  return { ...exchange, leg: new Leg(target, exchange.policy.routes.providerOf(target)) }
}

/** The fields of `init` that belong to the request itself. All other fields say how the request is sent, such as with which dispatcher. */
const REQUEST_FIELDS = new Set(['method', 'headers', 'body', 'signal', 'redirect', 'duplex'])

/** Returns the fields of `init` that say how a request is sent. Another request with these fields is sent in the same way. */
export function sendOptionsOf(init: RequestInit): RequestInit {
  return Object.fromEntries(Object.entries(init).filter(([name]) => !REQUEST_FIELDS.has(name)))
}
