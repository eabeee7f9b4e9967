import { ObservedCall } from '@harbor/parts'
import { callFailureOf } from '../attempt/attempt-facts.ts'
import { publicURL } from '../base/public-url.ts'
import type { Answer, Exchange, Handler } from '../call/exchange.ts'
import { observerList } from '../options/observers.ts'
import type { CallObserver } from '../reporting/observer.ts'
import type { Receipt } from '../reporting/receipt.ts'
import { planOf } from '../routing/plan-of.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'

function observersOf({ perCall, policy }: Exchange): readonly CallObserver[] | undefined {
  return perCall.telemetry === undefined ? policy.telemetry : observerList(perCall.telemetry)
}

/**
 * Starts the observation of a call. A prefetch is observed only where its request is sent, as an upstream call.
 * @returns the exchange unchanged, if the call is not observed
 */
export function observedCall(exchange: Exchange, telemetry: Telemetry): Exchange {
  const observers = exchange.perCall.isPrefetch ? undefined : observersOf(exchange)
  return observers ? observed(exchange, observers, 'call', telemetry) : exchange
}

/** Makes an upstream call, and observes it as a call of its own, until its answer has ended. */
export function observedUpstream(exchange: Exchange, next: Handler, telemetry: Telemetry): Promise<Answer> {
  const observers = observersOf(exchange)
  if (!observers) return next(exchange)
  const call = observed(exchange, observers, 'upstream', telemetry)
  const end = (outcome: Exclude<Receipt['outcome'], 'pending'>, error?: unknown): void => {
    const failure = outcome === 'failure' ? callFailureOf(error) : undefined
    if (call.receipt.close(outcome, call.policy.clock.now(), failure)) call.observed?.end(call.receipt)
  }
  return next(call).then(
    (answer) => {
      if (answer.body.kind === 'text') end('success')
      else void answer.body.ended.then(({ outcome, fault }) => end(outcome, fault))
      return answer
    },
    (error: unknown) => {
      end(call.callerSignal?.aborted ? 'aborted' : 'failure', error)
      throw error
    },
  )
}

function observed(
  exchange: Exchange,
  observers: readonly CallObserver[],
  role: 'call' | 'upstream',
  telemetry: Telemetry,
): Exchange {
  const { receipt, operation, streaming, url } = exchange
  const request = {
    protocol: operation.protocol ?? '',
    operation: receipt.operation,
    provider: providerOf(exchange),
    model: receipt.model,
    streaming,
    url: publicURL(url),
  }
  const warn = (error: unknown): void => telemetry.warn('A call observer threw', error)
  const { client, leftUsd: leftOf } = telemetry
  const { spendLimits } = exchange.policy
  const isPaidAlone = spendLimits && spendLimits.length > 0 && !receipt.payers
  const leftUsd = isPaidAlone && leftOf ? () => leftOf(spendLimits, receipt.labels) : undefined
  const facts = { receipt, request, role, deadlineAt: exchange.deadline.at, leftUsd }
  const call = client && ObservedCall.start(observers, { ...facts, client }, warn)
  return { ...exchange, observed: call }
}

/** Returns the name of the provider to which a call is addressed. */
function providerOf(exchange: Exchange): string {
  try {
    return planOf(exchange).outage[0]?.provider ?? ''
  } catch {
    return '' // the call fails where its plan is needed
  }
}
