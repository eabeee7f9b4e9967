import type { BreakerState } from '@harbor/breaker'
import type { CallRunner } from './call-runner.ts'

/** Statistics of a fallback model since its creation: `calls = succeeded + failed + aborted + inFlight`. */
export interface ModelStats {
  /** Calls that began. Calls after `close()` are refused and not counted. */
  readonly calls: number
  /** Calls that ended with a complete answer, or with the text of the option `lastResort`. */
  readonly succeeded: number
  /** Calls that ended with an error, streams that broke included. */
  readonly failed: number
  /** Calls that the caller aborted, or whose stream the caller cancelled or did not read for 5 minutes. */
  readonly aborted: number
  /** Calls that have not ended yet. A stream counts until it has been read to its end, has failed, or was cancelled. */
  readonly inFlight: number
  /** One entry for each model, in the order of `models`. */
  readonly targets: readonly TargetStats[]
}

/** Statistics of one target: one model of the list. */
export interface TargetStats {
  /** The provider and the id of the model, such as `openai.responses/gpt-5`, as in receipts. */
  readonly name: string
  /** The provider, as the AI SDK names it, such as `openai.responses`. */
  readonly provider: string
  /** The id of the model at its provider, such as `gpt-5`. */
  readonly modelId: string
  /** The state of the circuit now: `closed`, `open`, `half-open` or `isolated`; always `closed` without a circuit breaker. */
  readonly circuit: BreakerState
  /** How long the cooldown still lasts, in milliseconds; 0 if there is none. */
  readonly cooldownMs: number
  /** The share of the last 100 calls at this target that were answered, from 0 to 1; 1 before the first call. */
  readonly successRatio: number
  /** The moving average of the time until an answer, or the first content of a stream, in milliseconds; undefined before the first answer. */
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
