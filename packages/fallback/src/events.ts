import type { TargetHealth } from './health/target-health.ts'

/** A target failed and the next one is called. */
export interface AdvanceEvent<Target> {
  readonly from: Target
  readonly to: Target
  readonly error: unknown
}

/** A target has become unavailable, because it failed too often in a row. */
export interface UnavailableEvent<Target> {
  readonly target: Target
  /** The error of the failure that made the target unavailable. */
  readonly error: unknown
  readonly health: TargetHealth
}

/** A target that was unavailable has recovered, and is called again. */
export interface RecoveredEvent<Target> {
  readonly target: Target
  /** How the recovery was noticed: by a health check, or by a call to the unavailable target. */
  readonly by: 'check' | 'call'
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
