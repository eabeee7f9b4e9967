import type { TargetHealth } from './health/target-health.ts'

/** A target failed and the next one is about to be called. */
export interface AdvanceEvent<Target> {
  /** The target that failed last; targets that were skipped since are left out. */
  readonly from: Target
  /** The target that is called next; it may still call `skip()`. */
  readonly to: Target
  /** What the call of `from` threw or rejected with. */
  readonly error: unknown
}

/** A target has become unavailable, because it failed too often in a row. */
export interface UnavailableEvent<Target> {
  /** The unavailable target. Runs skip it until it has recovered. */
  readonly target: Target
  /** The error of the failure that made the target unavailable. */
  readonly error: unknown
  /** The health record of the target. The object is live: later calls change it. */
  readonly health: TargetHealth
}

/** A target that was unavailable has recovered, and is called again. */
export interface RecoveredEvent<Target> {
  /** The target that is available again, so that runs call it. */
  readonly target: Target
  /** How the recovery was noticed: `check` by a successful health check, `call` by an answered call to the unavailable target. */
  readonly by: 'check' | 'call'
  /** The health record of the target, with `failuresInARow` 0. The object is live: later calls change it. */
  readonly health: TargetHealth
}

/** Calls a hook. If the hook throws or rejects, a warning is emitted, because a hook never changes a result. */
export function notify<Event>(hook: ((event: Event) => void) | undefined, event: Event): void {
  if (!hook) return
  const call = async (): Promise<void> => hook(event)
  call().catch(warn)
}

function warn(error: unknown): void {
  const { process } = globalThis as { process?: { emitWarning?: (text: string, type: string) => void } }
  process?.emitWarning?.(`a fallback hook threw: ${String(error)}`, 'HarborWarning')
}
