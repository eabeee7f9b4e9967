import type { WorkContext } from '@harbor/cache'
import { copyHeaders } from '../base/readonly-headers.ts'
import type { Target } from '../reporting/target.ts'
import type { Deadline, Exchange, LegExchange } from './exchange.ts'
import { Leg } from './leg.ts'

/** The clocks of the pipeline end a call this much before the cache does, since they know what they measured. In milliseconds. */
export const MARGIN_MS = 5

/**
 * A call made for all callers of the same request. It is aborted when all of them have left, ends at the latest of their deadlines,
 * and has its own receipt.
 */
export function sharedExchange(exchange: Exchange, context: WorkContext): Exchange {
  const { signal } = context
  const latestAt = exchange.policy.clock.now() + exchange.policy.totalMs
  const deadline = new SharedDeadline(context, latestAt)
  return { ...exchange, signal, callerSignal: signal, deadline, receipt: exchange.receipt.fork() }
}

/** The latest deadline of the callers that wait; without a caller, that of a call of its own. */
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

/** The parts of a call that can be sent again later, without signals and deadline, which belong to its caller. */
export type ReusableParts = Omit<Exchange, 'signal' | 'callerSignal' | 'deadline'>

export function reusableParts(exchange: Exchange): ReusableParts {
  const { signal: _signal, callerSignal: _caller, deadline: _deadline, ...parts } = exchange
  const { signal: _sdks, ...init } = parts.init
  return { ...parts, init }
}

/** The same request as a prefetch: a call of Harbor's own, for which no caller waits. */
export function prefetchExchange(parts: ReusableParts, id: string, signal: AbortSignal): Exchange {
  const { policy, receipt, headers, perCall } = parts
  const startedAt = policy.clock.now()
  const { onReceipt: _listener, ...options } = perCall
  return {
    ...parts,
    headers: copyHeaders(headers),
    signal,
    callerSignal: signal,
    deadline: { at: startedAt + policy.totalMs },
    receipt: receipt.again(id, startedAt),
    perCall: { ...options, cache: 'default', lastResort: false, ahead: true },
  }
}

/** The call at its first target, for a failure that happens before a target is chosen. */
export function atFirstTarget(exchange: Exchange, targets: readonly Target[]): LegExchange {
  const [target] = targets
  if (!target) throw new Error('A plan has at least the target that was asked for.')
  return { ...exchange, leg: new Leg(target, exchange.policy.routes.providerOf(target)) }
}

/** The fields of `init` that make up the request. All others say how it is sent: over which dispatcher, with which options of a runtime. */
const REQUEST_FIELDS = new Set(['method', 'headers', 'body', 'signal', 'redirect', 'duplex'])

/** How a request is sent, for another request that is to be sent the same way. */
export function sendOptionsOf(init: RequestInit): RequestInit {
  return Object.fromEntries(Object.entries(init).filter(([name]) => !REQUEST_FIELDS.has(name)))
}
