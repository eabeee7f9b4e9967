import { HOLD } from '../redis/coordinator-scripts.ts'
import { KEY_TTL_MS, runKeysOf, type QueueKeys } from '../redis/keys.ts'
import { pause, type Redis } from '../redis/redis.ts'
import { QueueInUseError } from '../wire/errors.ts'

/** How long a coordinator owns the queue after it has last renewed its lease, in milliseconds. */
const LEASE_MS = 6_000
/** How often a coordinator without the lease looks whether it is free, in milliseconds. */
const LEASE_POLL_MS = 400

/** The state of a run, as workers see it. */
export type RunState = 'run' | 'stop' | 'abort'

/** The lease of a queue, which one run has at a time. */
export class Lease {
  /** The token of the run. */
  readonly run: string
  /** Identifies this coordinator among those of the same run, of which earlier ones were killed. */
  readonly owner = crypto.randomUUID()
  readonly #redis: Redis
  readonly #keys: QueueKeys

  constructor(redis: Redis, keys: QueueKeys, run: string) {
    this.#redis = redis
    this.#keys = keys
    this.run = run
  }

  /**
   * Takes the lease. If another run has it, waits until it expires.
   *
   * @throws QueueInUseError if the other run renews it
   */
  async acquire(queue: string): Promise<void> {
    let leftMs = Infinity
    for (;;) {
      const [answer, , left] = await this.#hold('run')
      if (answer === 'ours') return
      // A lease that has more time left than before was renewed, so its holder is alive.
      if (Number(left) > leftMs) throw new QueueInUseError(queue)
      leftMs = Number(left)
      await pause(LEASE_POLL_MS)
    }
  }

  /**
   * Renews the lease, and writes the state of the run.
   *
   * @returns `queued`: the number of jobs that no worker has taken; `wasHeld`: whether the lease was still there; undefined if another run has it
   */
  async hold(state: RunState): Promise<{ queued: number; wasHeld: boolean } | undefined> {
    const [answer, queued, wasHeld] = await this.#hold(state)
    return answer === 'ours' ? { queued: Number(queued), wasHeld: wasHeld === 'yes' } : undefined
  }

  #hold(state: RunState): Promise<readonly string[]> {
    const { lease, wait, others } = this.#keys
    return this.#redis.run(
      HOLD,
      [lease, runKeysOf(this.#keys, this.run).state, wait, ...others],
      [this.run, this.owner, LEASE_MS, KEY_TTL_MS, state],
    )
  }
}
