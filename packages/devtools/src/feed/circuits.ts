import type { BreakerChange } from '../client.ts'
import type { CircuitState } from '../client-stats.ts'

/** The maximum number of targets, of all clients together, whose changes are recorded. */
const MAX_TARGETS = 200
/** The maximum number of changes that are recorded for each target. The oldest ones are discarded. */
const MAX_CHANGES = 60

/** A change of a circuit: when it happened, in milliseconds since the epoch, and the state since then. */
export type CircuitChange = readonly [at: number, state: CircuitState]

/** Records when the circuits of the targets changed their states. */
export class Circuits {
  /** By client and target. */
  readonly #changes = new Map<string, CircuitChange[]>()

  add(client: number, { target, state }: BreakerChange, now: number): void {
    const key = keyOf(client, target)
    let changes = this.#changes.get(key)
    if (!changes) {
      if (this.#changes.size >= MAX_TARGETS) return
      this.#changes.set(key, (changes = []))
    }
    changes.push([now, state])
    if (changes.length > MAX_CHANGES) changes.shift()
  }

  /** Returns the recorded changes of a target, the oldest first. */
  of(client: number, target: string): readonly CircuitChange[] {
    return this.#changes.get(keyOf(client, target)) ?? []
  }
}

function keyOf(client: number, target: string): string {
  return `${client} ${target}`
}
