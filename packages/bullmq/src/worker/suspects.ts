import type { Job } from 'bullmq'
import { KEY_TTL_MS, runKeysOf, type QueueKeys } from '../redis/keys.ts'
import type { Redis } from '../redis/redis.ts'
import { TRY, UNTRY } from '../redis/worker-scripts.ts'
import { Company } from './company.ts'
import type { Ended } from './session.ts'

/** The number of dead workers after which an item is not run again. */
const MAX_KILLS = 3
/** Beside how many others an item runs that was in one killed worker; alone would take too long if all items of the worker do so. */
const SMALL_COMPANY = 8

/**
 * Finds the items that kill their workers, without blaming those that ran beside them:
 *
 *     first death: the item was in the worker ─▶ runs beside few others
 *     second death: it had begun there         ─▶ runs alone
 *     third death: it had begun alone          ─▶ it gets the verdict, and is not run again
 *
 * An item that ends in between is no suspect any more.
 */
export class Suspects {
  readonly #redis: Redis
  readonly #keys: QueueKeys
  readonly #company = new Company()
  readonly #concurrency: number

  constructor(redis: Redis, keys: QueueKeys, concurrency: number) {
    this.#redis = redis
    this.#keys = keys
    this.#concurrency = concurrency
  }

  /**
   * Runs an item, beside as many others as it may.
   *
   * @param run the token of the run
   * @param stopping ends the wait for the others; the item is then unsent
   */
  async run(
    run: string,
    job: Job<unknown>,
    stopping: AbortSignal,
    call: () => Promise<Ended>,
  ): Promise<Ended> {
    const trials = job.stalledCounter > 0 ? await this.#trialsOf(run, job) : 0
    if (trials >= MAX_KILLS - 1) return { kills: trials + 1 }
    let leave: () => void
    try {
      leave = await this.#company.enter(this.#limitOf(job, trials), stopping)
    } catch {
      return { unsent: true }
    }
    try {
      if (job.stalledCounter === 0) return await call()
      return await this.#try(run, job, call)
    } finally {
      leave()
    }
  }

  #limitOf({ stalledCounter }: Job<unknown>, trials: number): number {
    if (stalledCounter === 0) return Infinity
    return trials === 0 ? Math.min(SMALL_COMPANY, this.#concurrency) : 1
  }

  /** Runs an item that is a suspect. That it begins is noted before, and removed with its result. */
  async #try(run: string, job: Job<unknown>, call: () => Promise<Ended>): Promise<Ended> {
    const { trials } = runKeysOf(this.#keys, run)
    const { id = '' } = job
    await this.#redis.run(TRY, [trials], [id, MAX_KILLS, KEY_TTL_MS])
    const ended = await call()
    if (ended === 'closed' || 'unsent' in ended)
      await this.#redis.run(UNTRY, [trials], [id]).catch(() => undefined)
    return ended
  }

  /** Returns how often the item had begun as a suspect when its worker died. */
  async #trialsOf(run: string, { id = '' }: Job<unknown>): Promise<number> {
    return Number((await this.#redis.client.hget(runKeysOf(this.#keys, run).trials, id)) ?? 0)
  }
}
