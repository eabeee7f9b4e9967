import type { Exchange } from './exchange.ts'

/** A call as far as it can be made again, without what belongs to its caller. */
export type Question = Omit<Exchange, 'signal' | 'callerSignal' | 'deadline'>

export function questionOf(exchange: Exchange): Question {
  const { signal: _signal, callerSignal: _caller, deadline: _deadline, ...question } = exchange
  const { signal: _sdks, ...init } = question.init
  return { ...question, init }
}

/** The same question as a call of Harbor's own, which nobody waits for. */
export function aheadOf(question: Question, id: string, signal: AbortSignal): Exchange {
  const { policy, receipt, headers, asked } = question
  const startedAt = policy.clock.now()
  const { onReceipt: _listener, ...wishes } = asked
  return {
    ...question,
    headers: new Headers(headers),
    signal,
    callerSignal: signal,
    deadline: { at: startedAt + policy.totalMs },
    receipt: receipt.again(id, startedAt),
    asked: { ...wishes, cache: 'default', lastResort: false, ahead: true },
  }
}
