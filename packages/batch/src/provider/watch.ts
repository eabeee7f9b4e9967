import { countedIn, endOf, fileIdOf, lacksFiles, type BatchEnd } from './batch-end.ts'
import type { RemoteBatch } from './client.ts'
import type { Ledger, Part } from './ledger.ts'
import type { ProviderBatchSettings } from './options.ts'
import { isNotFound, type Patience } from './patience.ts'

/** A batch just created may be unknown for a moment. */
const LOOKS_UNTIL_VANISHED = 3
/** How often a batch that has ended is looked at again for files that it should have. Counts may be wrong. */
const LOOKS_FOR_FILES = 5
const LONGEST_TOKEN_WAIT_MS = 3_600_000

interface Watched {
  part: Part
  batchId: string
  status: string
  notFound: number
  /** Looks since it has ended, without the files that it should have. */
  lacking: number
}

/** Batches under way at the provider: looks at them, and knows whether there is room for more. */
export class Watch {
  readonly #settings: ProviderBatchSettings
  readonly #ledger: Ledger
  readonly #patience: Patience
  readonly #watched = new Map<string, Watched>()
  #waitMs: number
  /** No batch may be added before then, or before one of those that are there has ended. */
  #heldUntil = -Infinity
  #heldForEnd = false
  #tokenFailures = 0
  /** The provider has refused one for its tokens: from now on one at a time, until it is accepted. */
  #careful = false

  constructor(settings: ProviderBatchSettings, ledger: Ledger, patience: Patience) {
    this.#settings = settings
    this.#ledger = ledger
    this.#patience = patience
    this.#waitMs = settings.pollMs
  }

  get size(): number {
    return this.#watched.size
  }

  batchIds(): string[] {
    return Array.from(this.#watched.values(), ({ batchId }) => batchId)
  }

  /** Whether another batch may be created now. */
  get hasRoom(): boolean {
    if (this.size >= this.#settings.maxActiveBatches) return false
    if (this.#heldForEnd && this.size > 0) return false
    if (this.#settings.clock.now() < this.#heldUntil) return false
    return !this.#careful || [...this.#watched.values()].every(({ status }) => status !== 'validating')
  }

  /** Whether its tokens may be enqueued beside those of the others. One alone always may. */
  hasRoomFor({ tokens }: Part): boolean {
    let enqueued = 0
    for (const { part } of this.#watched.values()) enqueued += part.tokens
    return enqueued === 0 || enqueued + tokens <= this.#settings.enqueuedTokens
  }

  add(part: Part, batchId: string): void {
    this.#watched.set(part.part, { part, batchId, status: 'validating', notFound: 0, lacking: 0 })
    this.#waitMs = this.#settings.pollMs
  }

  /** Waits a while, then asks for each. @returns those that have ended */
  async look(): Promise<Part[]> {
    await this.#patience.wait(this.#waitMs)
    this.#waitMs = Math.min(this.#settings.maxPollMs, this.#waitMs * 1.5)
    const ended: Part[] = []
    for (const watched of [...this.#watched.values()]) {
      const batch = await this.#retrieve(watched)
      if (batch === undefined) continue
      if (batch.status !== watched.status) this.#waitMs = this.#settings.pollMs
      watched.status = batch.status ?? ''
      const end = endOf(batch, Date.now())
      if (!end || (lacksFiles(batch, end) && watched.notFound === 0 && ++watched.lacking < LOOKS_FOR_FILES))
        continue
      await this.#end(watched.part, batch, end)
      ended.push(watched.part)
    }
    return ended
  }

  /** The batch as it is now; undefined if it is not to be found, but may be the next time. */
  async #retrieve(watched: Watched): Promise<Partial<RemoteBatch> | undefined> {
    const { client } = this.#settings
    const { signal } = this.#patience
    try {
      const batch = await this.#patience.call(() => client.batches.retrieve(watched.batchId, { signal }))
      watched.notFound = 0
      return batch
    } catch (error) {
      if (!isNotFound(error)) throw error
      // It has vanished: as if it had expired, with nothing answered.
      return ++watched.notFound < LOOKS_UNTIL_VANISHED ? undefined : { status: 'expired' }
    }
  }

  async #end({ part }: Part, batch: Partial<RemoteBatch>, status: BatchEnd): Promise<void> {
    const code = batch.errors?.data?.[0]?.code ?? null
    await this.#ledger.append({
      type: 'ended',
      part,
      status,
      outputFileId: fileIdOf(batch.output_file_id),
      errorFileId: fileIdOf(batch.error_file_id),
      code,
      answered: countedIn(batch),
    })
    this.#watched.delete(part)
    if (status === 'failed' && code === TOKEN_LIMIT) this.#hold()
    else this.#release()
  }

  #hold(): void {
    this.#careful = true
    this.#heldForEnd = this.size > 0
    if (this.#heldForEnd) return
    const waitMs = this.#settings.tokenLimitWaitMs * 2 ** Math.min(20, this.#tokenFailures++)
    this.#heldUntil = this.#settings.clock.now() + Math.min(LONGEST_TOKEN_WAIT_MS, waitMs)
  }

  #release(): void {
    this.#heldForEnd = false
    this.#heldUntil = -Infinity
    this.#tokenFailures = 0
  }
}

/** The code of a batch that would have enqueued too many tokens. */
export const TOKEN_LIMIT = 'token_limit_exceeded'
