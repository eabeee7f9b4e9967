import type { TargetHealth } from './target-health.ts'

/** A target failed and another one is called. */
export interface AdvanceEvent<Target> {
  readonly from: Target
  readonly to: Target
  readonly error: unknown
}

/** A target failed so often in a row that it is left out from now on. */
export interface UnavailableEvent<Target> {
  readonly target: Target
  /** Of the last failure. */
  readonly error: unknown
  readonly health: TargetHealth
}

/** A target that was left out is called again. */
export interface RecoveredEvent<Target> {
  readonly target: Target
  /** What noticed: a health check, or a call that was let through to see. */
  readonly by: 'check' | 'call'
  readonly health: TargetHealth
}

/** Calls a hook. What it throws, at once or later, becomes a warning: a listener never changes a result. */
export function notify<Event>(hook: ((event: Event) => void) | undefined, event: Event): void {
  if (!hook) return
  const call = async (): Promise<void> => hook(event)
  call().catch(warn)
}

function warn(error: unknown): void {
  const { process } = globalThis as { process?: { emitWarning?: (text: string, type: string) => void } }
  process?.emitWarning?.(`a fallback hook threw: ${String(error)}`, 'HarborWarning')
}
