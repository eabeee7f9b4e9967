import type { ShownAttempt, ShownReceipt } from '../src/receipt.ts'

/** A receipt of a call that was answered by its first attempt, after 100 ms, with other facts. */
export function receipt(facts: Partial<ShownReceipt> = {}): ShownReceipt {
  const { startedAt = 1_000, durationMs = 100 } = facts
  return {
    id: 'call_1',
    operation: 'chat',
    target: 'openai/gpt-5',
    model: 'gpt-5',
    streaming: false,
    labels: {},
    isPrefetch: false,
    attempts: [attempt({ startedAt, durationMs })],
    waits: [],
    outcome: 'success',
    failure: undefined,
    startedAt,
    endedAt: startedAt + durationMs,
    durationMs,
    firstContentMs: undefined,
    usage: undefined,
    cost: undefined,
    finishReasons: [],
    possiblyBilled: 0,
    possiblyBilledUsd: 0,
    savedUsd: 0,
    skipped: [],
    degraded: false,
    cache: undefined,
    batch: undefined,
    ...facts,
  }
}

/** An attempt that was answered, with other facts. */
export function attempt(facts: Partial<ShownAttempt> = {}): ShownAttempt {
  return {
    number: 1,
    target: 'openai/gpt-5',
    keyIndex: undefined,
    adaptations: [],
    startedAt: 1_000,
    durationMs: 100,
    reason: 'first',
    status: 200,
    requestId: undefined,
    failure: undefined,
    ...facts,
  }
}

export const failure = (kind: string) =>
  ({ kind, code: undefined, ambiguous: false, retryAfterMs: undefined, phase: 'headers' }) as const
