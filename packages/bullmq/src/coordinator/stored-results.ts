import type { FleetQueue } from './fleet-queue.ts'

/** How long results that are stored wait to be removed together, in milliseconds. */
const GATHER_MS = 20
/** The maximum number of results that are removed by one command. */
const MAX_FORGOTTEN = 1_000

/** Removes results from Redis when the journal has them. A coordinator that is started again uses those that are still there. */
export class StoredResults {
  readonly #queue: FleetQueue
  readonly #onError: (error: unknown) => void
  /** Jobs with a result in Redis that no item waits for. */
  readonly #ready: Set<string>
  /** Jobs whose results the journal does not have yet, by the id of their item. */
  readonly #unstored = new Map<string, string>()
  readonly #taken = new Set<string>()
  #forgotten: string[] = []
  #claimed: string[] = []
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(queue: FleetQueue, ready: ReadonlySet<string>, onError: (error: unknown) => void) {
    this.#queue = queue
    this.#onError = onError
    this.#ready = new Set(ready)
  }

  /** Whether a job has a result of an earlier coordinator. It is then taken like a new one. */
  claim(jobId: string): boolean {
    if (!this.#ready.delete(jobId)) return false
    this.#claimed.push(jobId)
    this.#later()
    return true
  }

  /** Called when the journal will get the result of a job. */
  expect(id: string, jobId: string): void {
    this.#unstored.set(id, jobId)
    this.#taken.add(jobId)
  }

  onStored(id: string): void {
    const jobId = this.#unstored.get(id)
    if (jobId === undefined) return
    this.#unstored.delete(id)
    this.#taken.delete(jobId)
    this.acknowledge(jobId)
  }

  /** Called when the result of a job is no longer needed. */
  acknowledge(jobId: string): void {
    this.#forgotten.push(jobId)
    this.#later()
  }

  /**
   * Called for a result that no item waits for. It is of a job of an earlier coordinator, whose item was not read from the source yet, and will be
   * claimed; or it is the second one of an item, by a worker that was taken for dead, and stays until the run ends.
   */
  keep(jobId: string): void {
    if (!this.#taken.has(jobId)) this.#ready.add(jobId)
  }

  /** Removes the result of a job that will be added again: while it is there, no other result is taken. */
  async discard(jobId: string): Promise<void> {
    await this.#queue.forget([jobId]).catch(this.#onError)
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  #later(): void {
    // After the end, Redis refuses each command, and trying again would keep the process from ending.
    if (!this.#isClosed) this.#timer ??= setTimeout(() => void this.#flush(), GATHER_MS)
  }

  async #flush(): Promise<void> {
    const forgotten = this.#forgotten.splice(0, MAX_FORGOTTEN)
    const claimed = this.#claimed.splice(0)
    try {
      if (claimed.length > 0) await this.#queue.look(claimed)
      if (forgotten.length > 0) await this.#queue.forget(forgotten)
    } catch (error) {
      this.#onError(error)
      this.#forgotten.push(...forgotten)
      this.#claimed.push(...claimed)
    }
    this.#timer = undefined
    if (this.#forgotten.length + this.#claimed.length > 0) this.#later()
  }
}
