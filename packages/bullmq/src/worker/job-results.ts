import { KEY_TTL_MS, runKeysOf, type QueueKeys } from '../redis/keys.ts'
import { pause, type Redis } from '../redis/redis.ts'
import { FINISH } from '../redis/worker-scripts.ts'
import { encodeOutcome, type Outcome } from '../wire/outcome.ts'

const MIN_RETRY_MS = 100
const MAX_RETRY_MS = 2_000
/** How long a result waits for a run that Redis does not know, in milliseconds. After a loss of data, its coordinator writes the run again. */
const UNKNOWN_RUN_MS = 15_000

/** Writes the results of a worker. A result was paid for, so it is written again until Redis takes it. */
export class JobResults {
  readonly #redis: Redis
  readonly #keys: QueueKeys
  readonly #signal: AbortSignal
  readonly #onError: (error: unknown) => void

  /** @param signal ends the attempts, when the worker must close */
  constructor(redis: Redis, keys: QueueKeys, signal: AbortSignal, onError: (error: unknown) => void) {
    this.#redis = redis
    this.#keys = keys
    this.#signal = signal
    this.#onError = onError
  }

  /**
   * Writes a result, unless the job has one.
   *
   * @param run the token of the run
   * @throws the reason of the signal if the worker must close first; the job is then run again
   */
  async write(run: string, jobId: string, outcome: Outcome): Promise<void> {
    const { state, results, done, wake, trials } = runKeysOf(this.#keys, run)
    const text = encodeOutcome(outcome)
    let unknownSince: number | undefined
    for (let delayMs = MIN_RETRY_MS; ; delayMs = Math.min(MAX_RETRY_MS, delayMs * 2)) {
      try {
        const [reply] = await this.#redis.run(
          FINISH,
          [state, results, done, wake, trials],
          [jobId, text, KEY_TTL_MS],
        )
        if (reply !== '') return
        unknownSince ??= performance.now()
        // The run has ended: this was a second call for an item that has its result.
        if (performance.now() - unknownSince > UNKNOWN_RUN_MS) return
      } catch (error) {
        this.#onError(error)
      }
      this.#signal.throwIfAborted()
      await pause(delayMs, this.#signal)
    }
  }
}
