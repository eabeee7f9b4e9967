import type { TargetReport, TargetState } from './board-wire.ts'
import type { CircuitLink } from './circuit-link.ts'

/** The maximum number of circuits that follow the fleet, and of openings that are known. */
const MAX_CIRCUITS = 1_000
/** The maximum number of circuits in one report. The others follow in the next one. */
const MAX_REPORTED = 100

/** An opening of the fleet. `untilMs` is the end of its open time. */
interface KnownOpening extends TargetState {
  readonly untilMs: number
}

/** The circuits of this process that follow the fleet, by digest: the latest of each name. Also the openings of the fleet that this process knows. */
export class CircuitLinks {
  /** The one that was part of a report last is the last one. */
  readonly #links = new Map<string, CircuitLink>()
  readonly #openings = new Map<string, KnownOpening>()

  has(link: CircuitLink): boolean {
    return this.#links.get(link.digest) === link
  }

  /** Adds a circuit, and opens it if the fleet has opened it. */
  add(link: CircuitLink, now: number): void {
    setNewest(this.#links, link.digest, link)
    const known = this.#openings.get(link.digest)
    if (known) link.apply({ ...known, remainingMs: Math.max(0, known.untilMs - now), leaseMs: 0 }, now)
  }

  /** Whether a probe is in flight for all. */
  get areProbing(): boolean {
    for (const link of this.#links.values()) if (link.isProbing) return true
    return false
  }

  /** Whether there is something to report at once. */
  get haveNews(): boolean {
    for (const link of this.#links.values()) if (link.hasNews) return true
    return false
  }

  /** Returns what is to be reported, by circuit. What is returned counts as reported. */
  take(now: number): ReadonlyMap<CircuitLink, TargetReport> {
    const taken = new Map<CircuitLink, TargetReport>()
    for (const link of this.#links.values()) {
      const report = link.take(now)
      if (report) taken.set(link, report)
      if (taken.size === MAX_REPORTED) break
    }
    // Those that had no room come first in the next report, and those that are not used make room for new ones.
    for (const link of taken.keys()) setNewest(this.#links, link.digest, link)
    return taken
  }

  /** Returns what to report when the process leaves. */
  leave(): TargetReport[] {
    const reports = Array.from(this.#links.values(), (link) => link.leaving())
    this.#links.clear()
    return reports.filter((report) => report !== undefined).slice(0, MAX_REPORTED)
  }

  apply(states: readonly TargetState[], sentAt: number, now: number): void {
    for (const state of states) {
      if (state.isOpen)
        setNewest(this.#openings, state.digest, { ...state, untilMs: now + state.remainingMs })
      else this.#openings.delete(state.digest)
      this.#links.get(state.digest)?.apply(state, sentAt)
    }
  }

  /** Redis has lost its state. */
  repeat(now: number): void {
    this.#openings.clear()
    for (const link of this.#links.values()) link.repeat(now)
  }
}

/** Sets an entry as the newest one. The oldest makes room. */
function setNewest<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key)
  const [oldest] = map.keys()
  if (map.size >= MAX_CIRCUITS && oldest !== undefined) map.delete(oldest)
  map.set(key, value)
}
