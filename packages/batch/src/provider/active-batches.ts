import type { Ledger, BatchPart } from './state/ledger.ts'
import { TOKEN_LIMIT } from './token-limit.ts'
import type { RunSettings } from './run-settings.ts'
import { isNotFound, type Retrier } from './retrier.ts'
import type { BatchLook, EndFacts, VendorRun } from './vendor.ts'

/**
 * The number of 404s in a row after which a batch counts as gone. A single 404 proves nothing, because a provider may not know a new batch for a
 * moment.
 */
const MAX_NOT_FOUND = 3
/**
 * The maximum number of polls of a batch that has ended without the results that it should have, according to the provider's counts. After this
 * number of polls, the counts are treated as wrong.
 */
const MAX_POLLS_FOR_RESULTS = 5
const MAX_TOKEN_WAIT_MS = 3_600_000

interface ActiveBatch {
  part: BatchPart
  batchId: string
  status: string
  isValidating: boolean
  notFound: number
  /** The number of polls that found the batch ended, but without all of its results. */
  lacking: number
}

/** The batches in progress at the provider. Polls them, and decides whether another batch may be created. */
export class ActiveBatches {
  readonly #settings: RunSettings
  readonly #ledger: Ledger
  readonly #retrier: Retrier
  readonly #vendor: VendorRun
  readonly #batches = new Map<string, ActiveBatch>()
  #waitMs: number
  /** The time before which no batch may be created, in milliseconds on the clock of the settings. */
  #blockedUntil = -Infinity
  /** Whether the next batch has to wait until a batch in progress ends. */
  #isBlockedUntilEnd = false
  #tokenFailures = 0
  /**
   * Whether the provider has rejected a batch because too many tokens were enqueued. From then on, a batch is created only while the provider is not
   * validating another one.
   */
  #isCautious = false

  constructor(settings: RunSettings, ledger: Ledger, retrier: Retrier, vendor: VendorRun) {
    this.#settings = settings
    this.#vendor = vendor
    this.#ledger = ledger
    this.#retrier = retrier
    this.#waitMs = settings.pollMs
  }

  get size(): number {
    return this.#batches.size
  }

  batchIds(): string[] {
    return Array.from(this.#batches.values(), ({ batchId }) => batchId)
  }

  /** Whether another batch may be created now. */
  get hasRoom(): boolean {
    if (this.size >= this.#settings.maxActiveBatches) return false
    if (this.#isBlockedUntilEnd && this.size > 0) return false
    if (this.#settings.clock.now() < this.#blockedUntil) return false
    return !this.#isCautious || [...this.#batches.values()].every(({ isValidating }) => !isValidating)
  }

  /** Whether a part fits into `enqueuedTokens`, together with the batches in progress. If no batch is in progress, a part of any size fits. */
  hasRoomFor({ tokens }: BatchPart): boolean {
    let enqueued = 0
    for (const { part } of this.#batches.values()) enqueued += part.tokens
    return enqueued === 0 || enqueued + tokens <= this.#settings.enqueuedTokens
  }

  add(part: BatchPart, batchId: string): void {
    this.#batches.set(part.part, { part, batchId, status: '', isValidating: true, notFound: 0, lacking: 0 })
    this.#waitMs = this.#settings.pollMs
  }

  /** Makes the next waits between polls as short as for a new batch. A wait that has begun does not change. */
  pollSoon(): void {
    this.#waitMs = this.#settings.pollMs
  }

  /** Waits, then polls each batch once. @returns the parts whose batches have ended */
  async poll(): Promise<BatchPart[]> {
    await this.#retrier.wait(this.#waitMs)
    this.#waitMs = Math.min(this.#settings.maxPollMs, this.#waitMs * 1.5)
    const ended: BatchPart[] = []
    for (const active of [...this.#batches.values()]) {
      const look = await this.#look(active)
      if (look === undefined) continue
      if (active.status !== '' && look.status !== active.status) this.#waitMs = this.#settings.pollMs
      active.status = look.status
      active.isValidating = look.isValidating
      if (!look.end || (look.lacksResults && ++active.lacking < MAX_POLLS_FOR_RESULTS)) continue
      await this.#end(active.part, look.end)
      ended.push(active.part)
    }
    return ended
  }

  /** Returns the current state of a batch; undefined if the provider does not find the batch, but may find it at the next poll. */
  async #look(active: ActiveBatch): Promise<BatchLook | undefined> {
    try {
      const look = await this.#retrier.call(() => this.#vendor.look(active.batchId))
      active.notFound = 0
      return look
    } catch (error) {
      if (!isNotFound(error)) throw error
      if (++active.notFound < MAX_NOT_FOUND) return undefined
      const end = this.#vendor.endOfGone(active.part)
      return { status: end.status, isValidating: false, end, lacksResults: false }
    }
  }

  async #end({ part }: BatchPart, end: EndFacts): Promise<void> {
    await this.#ledger.append({ type: 'ended', part, ...end })
    this.#batches.delete(part)
    if (end.status === 'failed' && end.code === TOKEN_LIMIT) this.#block()
    else this.#unblock()
  }

  #block(): void {
    this.#isCautious = true
    this.#isBlockedUntilEnd = this.size > 0
    if (this.#isBlockedUntilEnd) return
    const waitMs = this.#settings.tokenLimitWaitMs * 2 ** Math.min(20, this.#tokenFailures++)
    this.#blockedUntil = this.#settings.clock.now() + Math.min(MAX_TOKEN_WAIT_MS, waitMs)
  }

  #unblock(): void {
    this.#isBlockedUntilEnd = false
    this.#blockedUntil = -Infinity
    this.#tokenFailures = 0
  }
}
