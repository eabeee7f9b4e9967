import type { Closed, HalfOpen, Isolated, Open, State } from './state.ts'
import type { TripRule } from './trip-rules/trip-rule.ts'

/** The state of a breaker as data for JSON, returned by `snapshot()`. It contains no errors, because errors may hold secrets. */
export type BreakerSnapshot = Readonly<
  {
    /** The version of the format. A snapshot with another version is refused. */
    version: 1
    /** When the snapshot was made, in milliseconds since 1970, by the breaker's clock. */
    takenAt: number
  } & (SavedClosed | Open | SavedHalfOpen | Pick<Isolated, 'state'>)
>

/** A closed circuit in a snapshot. */
interface SavedClosed extends Omit<Closed, 'tallies'> {
  /** What `save()` of each tally returned, in the order of the trip rules. */
  readonly tallies: readonly unknown[]
}
/** A half-open circuit in a snapshot. */
interface SavedHalfOpen extends Omit<HalfOpen, 'probes'> {
  /** For each probe in flight, the time at which it counts as failed, in milliseconds since 1970. */
  readonly probes: readonly number[]
}

/**
 * Converts a state into a snapshot. Of the calls in flight, only probes are saved. In the restored breaker, such a probe counts
 * as in flight until its time limit passes, and then as failed.
 */
export function save(current: State, takenAt: number): BreakerSnapshot {
  const head = { version: 1, takenAt } as const
  switch (current.state) {
    case 'closed':
      return { ...current, ...head, tallies: current.tallies.map((tally) => tally.save()) }
    case 'open':
      return { ...current, ...head }
    case 'half-open': {
      // Answered probes are left out: they have no time limit, so in the restored breaker nothing would free their slots.
      const probes = Array.from(current.probes, (probe) => probe.expiresAt).filter(Number.isFinite)
      return { ...current, ...head, probes }
    }
    case 'isolated':
      return { ...head, state: current.state }
  }
}

/** Restores a state from a snapshot. The trip rules and the number of probes may differ from those of the saved breaker. */
export function revive(saved: BreakerSnapshot, rules: readonly TripRule[], probes: number): State {
  switch (saved.state) {
    case 'closed':
      return { ...saved, tallies: rules.map((rule, index) => rule.start(saved.tallies[index])) }
    case 'open':
      return { ...saved }
    case 'half-open':
      return {
        ...saved,
        probes: new Set(saved.probes.map((expiresAt) => ({ expiresAt }))),
        // At least one more probe must be able to succeed, or nothing would ever close the circuit.
        succeeded: Math.min(saved.succeeded, probes - 1),
      }
    case 'isolated':
      return { ...saved, handles: 0 }
  }
}

export function isSnapshot(value: unknown): boolean {
  const { version, takenAt, state } = (value ?? {}) as Partial<BreakerSnapshot>
  return version === 1 && Number.isFinite(takenAt) && /^(closed|(half-)?open|isolated)$/.test(state ?? '')
}
