import type { Ledger, BatchPart } from '../state/ledger.ts'
import type { Retrier } from '../retrier.ts'
import type { RemoteMessageBatch } from './client.ts'
import { prefixOf, indexIn } from './custom-ids.ts'
import { UnconfirmedBatchError } from './errors.ts'
import type { ProviderBatchSettings } from './options.ts'
import { lookOf, resultLines, totalOf } from './results.ts'

/** What the caller says of parts by name: the id of their batch, or null if it was not created. */
export type Confirmed = Readonly<Record<string, string | null>>

/**
 * Whether the batch of a part exists: its id, or `absent`. Not known yet: a batch that may be the one is `in-progress`, for hours maybe, or it is
 * `not-listed`, and may appear until `confirmMs` have passed.
 */
export type Settled = { batchId: string } | 'absent' | 'in-progress' | 'not-listed'

/** How far the provider's clock may be from the clock of this machine, in milliseconds. */
const CLOCKS_APART_MS = 3_600_000
const PAGE = 100

interface Candidates {
  batches: readonly RemoteMessageBatch[]
  /** Whether the list shows all batches since the intent, so that the batch is one of them or does not exist. */
  isComplete: boolean
}

/**
 * Settles open intents: the batch of a part may have been created, although its id was not stored. Anthropic's batches have no metadata, so the batches
 * that were created since are candidates. Batches that were seen before the intent prove that the list reaches back to it, in the same workspace. The
 * results of a candidate say whose it is. What remains unknown is never decided by a guess.
 *
 *     sending ──► found        a candidate has the prefix of the part in its results
 *        ├──────► absent       no candidate is left after `confirmMs`
 *        ├──────► in progress  a candidate with as many requests is: look again later
 *        ├──────► not listed   no candidate is left, but one may appear until `confirmMs` have passed
 *        └──────► error        the list does not reach back, or a candidate shows no results
 */
export class OpenIntents {
  readonly #settings: ProviderBatchSettings
  readonly #ledger: Ledger
  readonly #confirmed: Map<string, string | null>
  /** When each part was looked for first by this process, by the clock of the settings. */
  readonly #since = new Map<string, number>()
  /** Batches whose results have shown that they belong to no open intent. */
  readonly #others = new Set<string>()

  constructor(settings: ProviderBatchSettings, ledger: Ledger, confirmed: Confirmed) {
    this.#settings = settings
    this.#ledger = ledger
    this.#confirmed = new Map(Object.entries(confirmed))
  }

  /**
   * Returns what the caller says of a part, once: it is about the batch that was sent before this run.
   *
   * @returns the id of the batch, or null if it does not exist; undefined if the caller says nothing
   */
  takeConfirmed({ part }: BatchPart): string | null | undefined {
    const confirmed = this.#confirmed.get(part)
    this.#confirmed.delete(part)
    return confirmed
  }

  /**
   * Looks for the batch of a part with an open intent, once.
   *
   * @throws UnconfirmedBatchError if the provider cannot say whether the batch exists
   */
  async settle(part: BatchPart, retrier: Retrier): Promise<Settled> {
    const { confirmMs, onUnconfirmed, clock } = this.#settings
    const confirmed = this.takeConfirmed(part)
    if (confirmed !== undefined) return confirmed === null ? 'absent' : { batchId: confirmed }
    const { batches, isComplete } = await retrier.call(() => this.#candidates(part, retrier))
    const open: string[] = []
    const unreadable: string[] = []
    for (const batch of batches) {
      const verdict = await this.#judge(batch, part, retrier)
      if (verdict === 'ours') return { batchId: batch.id }
      if (verdict === 'open') open.push(batch.id)
      if (verdict === 'unreadable') unreadable.push(batch.id)
    }
    if (open.length > 0 && onUnconfirmed === 'wait') return 'in-progress'
    const now = clock.now()
    const since = this.#since.get(part.part) ?? now
    this.#since.set(part.part, since)
    const mayAppear = now - since < confirmMs
    // Results may appear a little later than the end of their batch.
    if (open.length === 0 && unreadable.length > 0 && mayAppear) return 'not-listed'
    if (open.length > 0 || unreadable.length > 0 || !isComplete) {
      const reason =
        unreadable.length > 0 ? 'no-results' : isComplete || open.length > 0 ? 'in-progress' : 'list'
      throw new UnconfirmedBatchError(reason, part, [...unreadable, ...open])
    }
    if (mayAppear) return 'not-listed'
    this.#since.delete(part.part)
    return 'absent'
  }

  /** Lists the batches that were created since the intent, without those of other parts. */
  async #candidates({ sending }: BatchPart, { signal }: Retrier): Promise<Candidates> {
    const { seen = [], atMs = 0 } = sending ?? {}
    const known = new Set(this.#ledger.parts().map(({ batchId }) => batchId))
    const batches: RemoteMessageBatch[] = []
    for await (const batch of this.#settings.client.messages.batches.list({ limit: PAGE }, { signal })) {
      if (seen.includes(batch.id)) return { batches, isComplete: true }
      // There is none that was seen, or the list would have shown it by now. If none was seen before, there should be none that old.
      if (Date.parse(batch.created_at) < atMs - CLOCKS_APART_MS) return { batches, isComplete: false }
      if (!known.has(batch.id)) batches.push(batch)
    }
    return { batches, isComplete: seen.length === 0 }
  }

  async #judge(
    batch: RemoteMessageBatch,
    part: BatchPart,
    retrier: Retrier,
  ): Promise<'ours' | 'other' | 'open' | 'unreadable'> {
    if (this.#others.has(batch.id)) return 'other'
    const total = totalOf(batch)
    if (total > 0 && total !== part.count) return 'other'
    const { end, lacksResults } = lookOf(batch)
    if (!end) return 'open'
    if (lacksResults) return 'unreadable'
    const prefixes = this.#ledger
      .parts()
      .filter(({ sending }) => sending)
      .map((each) => ({ isWanted: each.part === part.part, prefix: prefixOf(this.#ledger, each) }))
    for await (const { custom_id: id } of resultLines(this.#settings.client, batch.id, retrier)) {
      // A batch is created as a whole, so its first id says whose it is.
      const found = prefixes.find(({ prefix }) => indexIn(id, prefix) !== undefined)
      if (!found) this.#others.add(batch.id)
      return found?.isWanted ? 'ours' : 'other'
    }
    return 'unreadable'
  }
}
