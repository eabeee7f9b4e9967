import type { LiveAttempt } from './context.ts'
import type { Run } from './run.ts'
import type { TargetAttempt } from './target-attempt.ts'

/** How a run of a chain ended well. */
export interface FallbackAnswer<T> {
  value: T
  /** The name of the target that answered; `last resort` if none did. */
  target: string
  /** Whether the last resort had to answer, as no target did. */
  degraded: boolean
  /** What became of each target, in order. */
  attempts: readonly TargetAttempt[]
}

/** Writes down that this attempt was answered, or is abandoned, as another one was. Returns how long it took. */
export function record<Target extends { readonly name: string }, T, Answer>(
  run: Run<Target, T, Answer>,
  { target, hedged, place, startedAt }: LiveAttempt<Target>,
  outcome: 'answered' | 'abandoned',
): number {
  const durationMs = run.strategy.clock.now() - startedAt
  run.write(place, { target: target.name, outcome, hedged, durationMs })
  return durationMs
}
