import { onTestFinished } from 'vitest'
import { Alerts } from '../../src/alerts/alerts.ts'
import type {
  AlertOptions,
  AlertStats,
  AttemptRecord,
  CacheRecord,
  Receipt,
  SpendState,
} from '../../src/index.ts'
import { Telemetry } from '../../src/telemetry/telemetry.ts'

export const COST = {
  spentUsd: 0,
  possiblyBilledUsd: 0,
  savedByFallbackUsd: 0,
  savedByCacheUsd: 0,
  savedByBatchUsd: 0,
  unpricedCalls: 0,
}

interface MadeUpCall {
  readonly durationMs?: number
  readonly attempts?: readonly Pick<AttemptRecord, 'target' | 'failure'>[]
  readonly cache?: Pick<CacheRecord, 'status'>
}

/** Alerts beside calls that a test makes up, on a clock that it moves. */
export function watching(alerts: readonly AlertOptions[]) {
  const telemetry = new Telemetry()
  const state: { -readonly [Key in 'cost' | 'budgets' | 'targets']: AlertStats[Key] } = {
    cost: COST,
    budgets: [],
    targets: {},
  }
  const budgetsUsed = (ratio: number): readonly SpendState[] =>
    state.budgets.filter(({ usedUsd, limitUsd }) => usedUsd >= ratio * limitUsd)
  const read = () => ({ ...state, budgetsUsed })
  const watched = new Alerts(alerts, { telemetry, now: () => Date.now(), read })
  onTestFinished(() => watched.close())
  const calls = (count: number, outcome: Receipt['outcome'], made: MadeUpCall = {}): void => {
    const receipt = { outcome, durationMs: 10, attempts: [], ...made } as unknown as Receipt
    for (let call = 0; call < count; call++) telemetry.emit('end', { receipt })
  }
  return { telemetry, state, calls, watched }
}
