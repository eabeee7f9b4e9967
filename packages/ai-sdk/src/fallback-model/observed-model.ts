import type { ObservedModel, ObservedTarget } from '../receipts/observer.ts'
import type { BreakerChange } from './options.ts'
import type { BreakerListeners, Target } from './targets.ts'

/** What is read of a model, whose calls a CallRunner makes. */
interface Runner {
  readonly targets: readonly Target<unknown>[]
  readonly chain: {
    readonly health: {
      get(name: string): { readonly successRatio: number; readonly latencyMs: number | undefined }
    }
  }
  readonly isClosed: boolean
}

const NO_COST = {
  spentUsd: 0,
  possiblyBilledUsd: 0,
  savedByFallbackUsd: 0,
  savedByCacheUsd: 0,
  savedByBatchUsd: 0,
  unpricedCalls: 0,
}

/** Returns what observers can read of a model. */
export function observedModel(runner: Runner, listeners: BreakerListeners): ObservedModel {
  return {
    stats() {
      const targets = runner.targets.map((target): [string, ObservedTarget] => {
        const { successRatio, latencyMs } = runner.chain.health.get(target.name)
        const state = target.breaker?.state ?? 'closed'
        const { cooldownMs: retryAfterMs } = target
        const available = state !== 'open' && state !== 'isolated' && retryAfterMs === 0
        const unknown = { lastFailure: undefined, lastCheckAt: undefined, keys: undefined }
        return [target.name, { state, available, retryAfterMs, successRatio, latencyMs, ...unknown }]
      })
      return { targets: Object.fromEntries(targets), limits: {}, cost: NO_COST, closed: runner.isClosed }
    },
    on(_event, listener) {
      const own = (change: BreakerChange): void => listener(change)
      listeners.add(own)
      return () => listeners.delete(own)
    },
  }
}
