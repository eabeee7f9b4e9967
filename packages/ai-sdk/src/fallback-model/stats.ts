import type { BreakerState } from '@harbor/breaker'
import type { CallRunner } from './call-runner.ts'

/** Statistics of a fallback model. */
export interface ModelStats {
  readonly calls: number
  readonly succeeded: number
  readonly failed: number
  readonly aborted: number
  readonly inFlight: number
  readonly targets: readonly TargetStats[]
}

/** Statistics of one target. */
export interface TargetStats {
  readonly name: string
  readonly provider: string
  readonly modelId: string
  /** The state of the circuit; `closed` without a circuit breaker. */
  readonly circuit: BreakerState
  /** How long the cooldown still lasts, in milliseconds; 0 if there is none. */
  readonly cooldownMs: number
  /** The share of answered attempts among the last 100, from 0 to 1. */
  readonly successRatio: number
  /** The moving average of the time until an answer, or the first content of a stream, in milliseconds. */
  readonly latencyMs: number | undefined
}

export function statsOf<Model extends { readonly provider: string; readonly modelId: string }>(
  runner: CallRunner<Model>,
): ModelStats {
  const targets = runner.targets.map((target): TargetStats => {
    const { successRatio, latencyMs } = runner.chain.health.get(target.name)
    const { name, provider, modelId, cooldownMs, breaker } = target
    return {
      name,
      provider,
      modelId,
      circuit: breaker?.state ?? 'closed',
      cooldownMs,
      successRatio,
      latencyMs,
    }
  })
  return { ...runner.counts(), targets }
}
