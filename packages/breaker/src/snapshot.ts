import type { Settings } from './options.ts'
import type { Closed, HalfOpen, Isolated, Open, State } from './state.ts'

/** A breaker as data that survives JSON. Errors are left out: they may hold what must not be stored. */
export type BreakerSnapshot = Readonly<
  { version: 1; takenAt: number } & (SavedClosed | Open | SavedHalfOpen | Pick<Isolated, 'state'>)
>

interface SavedClosed extends Omit<Closed, 'tallies'> {
  readonly tallies: readonly unknown[]
}
interface SavedHalfOpen extends Omit<HalfOpen, 'probes'> {
  /** When their time is up. */
  readonly probes: readonly number[]
}

/** Calls in flight stay with the breaker that made them; its probes keep their slots in the copy until their time is up. */
export function save(current: State, takenAt: number): BreakerSnapshot {
  const head = { version: 1, takenAt } as const
  switch (current.state) {
    case 'closed':
      return { ...current, ...head, tallies: current.tallies.map((tally) => tally.save()) }
    case 'open':
      return { ...current, ...head }
    case 'half-open': {
      // An answered probe has no time limit: in the copy nobody could ever free its slot.
      const probes = Array.from(current.probes, (probe) => probe.expiresAt).filter(Number.isFinite)
      return { ...current, ...head, probes }
    }
    case 'isolated':
      return { ...head, state: current.state }
  }
}

/** The state of a breaker with these settings, which need not be those of the breaker that was saved. */
export function revive(saved: BreakerSnapshot, { rules, probes }: Settings): State {
  switch (saved.state) {
    case 'closed':
      return { ...saved, tallies: rules.map((rule, index) => rule.start(saved.tallies[index])) }
    case 'open':
      return { ...saved }
    case 'half-open':
      return {
        ...saved,
        probes: new Set(saved.probes.map((expiresAt) => ({ expiresAt }))),
        // One more at least has to succeed, or nothing would ever close it.
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
