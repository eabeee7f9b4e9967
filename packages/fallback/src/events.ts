import type { TargetHealth } from './health/target-health.ts'

/** A target failed and the next one is called. */
export interface AdvanceEvent<Target> {
  readonly from: Target
  readonly to: Target
  readonly error: unknown
}

/** A target failed so often in a row that it is unavailable from now on. */
export interface UnavailableEvent<Target> {
  readonly target: Target
  /** The error of the last failure. */
  readonly error: unknown
  readonly health: TargetHealth
}

/** A target that was unavailable has recovered, and is called again. */
export interface RecoveredEvent<Target> {
  readonly target: Target
  /** How the recovery was noticed: by a health check, or by a call that was let through. */
  readonly by: 'check' | 'call'
  readonly health: TargetHealth
}

/** Calls a hook. If it throws or rejects, a warning is emitted: a hook never changes a result. */
export function notify<Event>(hook: ((event: Event) => void) | undefined, event: Event): void {
  if (!hook) return
  const call = async (): Promise<void> => hook(event)
  call().catch(warn)
}

function warn(error: unknown): void {
  const { process } = globalThis as { process?: { emitWarning?: (text: string, type: string) => void } }
  process?.emitWarning?.(`a fallback hook threw: ${String(error)}`, 'HarborWarning')
}
