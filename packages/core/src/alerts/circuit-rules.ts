import type { AlertRule, AlertStats } from '../reporting/alert.ts'
import type { HarborEvents } from '../telemetry/telemetry.ts'
import { rule } from './rules.ts'
import { duration } from './words.ts'

/**
 * Creates a condition for alerts: the circuit of a target is open. A half-open circuit does not count, so the condition is false during each probe.
 * For an alert with `forMs`, use `breakerOpenFor` instead.
 * @param target the name of the target, such as `openai/gpt-4`. @default any target
 */
export function breakerOpen(target?: string): AlertRule {
  const open = ({ targets }: AlertStats): string[] =>
    Object.entries(targets).flatMap(([name, { state }]) =>
      state === 'open' && (target === undefined || name === target) ? [name] : [],
    )
  return rule(
    (stats) => open(stats).length > 0,
    (stats, subject) => circuits(open(stats), subject),
    { subjects: open },
  )
}

/**
 * Creates a condition for alerts: the circuit of a target opened at least `ms` ago, and has not closed since. Failed probes do not restart
 * this time.
 * @param options.ms milliseconds
 * @param options.target the name of the target, such as `openai/gpt-4`. @default any target
 */
export function breakerOpenFor({ ms, target }: { ms: number; target?: string | undefined }): AlertRule {
  const open = ({ openForMs }: AlertStats): string[] =>
    Object.entries(openForMs).flatMap(([name, forMs]) =>
      forMs >= ms && (target === undefined || name === target) ? [name] : [],
    )
  return rule(
    (stats) => open(stats).length > 0,
    (stats, subject) => {
      const names = open(stats)
      const meant = subject === undefined ? names : [subject]
      const longest = Math.max(0, ...meant.map((name) => stats.openForMs[name] ?? 0))
      return longest > 0 && meant.some((name) => names.includes(name))
        ? `${circuits(names, subject)} for ${duration(longest)}`
        : circuits(names, subject)
    },
    { subjects: open },
  )
}

/** @param subject the target that the words are about; undefined for all */
function circuits(names: readonly string[], subject: string | undefined): string {
  if (names.length === 0) return 'no circuit is open'
  if (subject !== undefined)
    return `the circuit of ${subject} is ${names.includes(subject) ? 'open' : 'not open any more'}`
  return names.length === 1
    ? `the circuit of ${names.join()} is open`
    : `the circuits of ${names.join(', ')} are open`
}

/** Remembers since when the circuit of each target is not closed. */
export class OpenCircuits {
  readonly #openedAt = new Map<string, number>()

  /** A circuit that is half-open has not recovered yet. An isolated one was switched off on purpose. */
  note({ target, state }: HarborEvents['breaker'], now: number): void {
    if (state === 'closed' || state === 'isolated') this.#openedAt.delete(target)
    else if (state === 'open' && !this.#openedAt.has(target)) this.#openedAt.set(target, now)
  }

  /** @param targets the targets that still exist. Others are forgotten */
  read(targets: Readonly<Record<string, unknown>>, now: number): Record<string, number> {
    const openForMs: Record<string, number> = {}
    for (const [target, openedAt] of this.#openedAt) {
      if (Object.hasOwn(targets, target)) openForMs[target] = Math.max(0, now - openedAt)
      else this.#openedAt.delete(target)
    }
    return openForMs
  }
}
