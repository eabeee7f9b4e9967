import { isFinal, statusOf } from '../retrier.ts'
import type { BatchPart } from '../state/ledger.ts'
import type { Submission, SubmitOptions, VendorContext, VendorRun } from '../vendor.ts'
import type { MessageBatchRequest } from './client.ts'
import { customIdOf, prefixOf } from './custom-ids.ts'
import type { OpenIntents } from './open-intents.ts'
import type { ProviderBatchSettings } from './options.ts'

/** How many of the newest batches an intent remembers. More than one, since a batch can be deleted. */
const MAX_SEEN = 3
const MAX_RETRY_AFTER_MS = 3_600_000

/**
 * Creates the batches of parts, but never a second one for a part: before a batch is sent, the intent is stored. It stays open until the id of the batch
 * is stored, or the provider has refused the batch. An open intent is settled before the part is sent again.
 */
export class Creator {
  readonly #settings: ProviderBatchSettings
  readonly #context: VendorContext
  readonly #intents: OpenIntents
  readonly #input: VendorRun['input']
  /** The number of failed attempts to create the batch of each part. */
  readonly #failures = new Map<string, number>()

  constructor(
    settings: ProviderBatchSettings,
    context: VendorContext,
    { intents, input }: { intents: OpenIntents; input: VendorRun['input'] },
  ) {
    this.#settings = settings
    this.#context = context
    this.#intents = intents
    this.#input = input
  }

  async submit(part: BatchPart, { hasActive }: Pick<SubmitOptions, 'hasActive'>): Promise<Submission> {
    const { ledger, retrier } = this.#context
    for (;;) {
      const adopted = await this.adopt(part)
      if (adopted) return adopted
      const requests = await this.#requests(part)
      const seen = await retrier.call(() => this.#newest())
      await ledger.append({ type: 'sending', part: part.part, seen, atMs: Date.now() })
      let batchId: string
      try {
        batchId = await this.#create(requests)
      } catch (error) {
        const later = await this.#afterFailure(part, error, hasActive)
        if (later) return later
        continue
      }
      return this.#created(part, batchId)
    }
  }

  /** Settles the open intent of a part. @returns undefined if there is none, or if the batch does not exist */
  async adopt(part: BatchPart): Promise<Submission | undefined> {
    if (!part.sending) return undefined
    const { ledger, retrier } = this.#context
    const settled = await this.#intents.settle(part, retrier)
    if (settled === 'in-progress') return { later: 'part' }
    if (settled === 'not-listed') return { later: 'all' }
    if (settled !== 'absent') return this.#created(part, settled.batchId)
    await ledger.append({ type: 'refused', part: part.part })
    return undefined
  }

  async #created(part: BatchPart, batchId: string): Promise<Submission> {
    await this.#context.ledger.append({ type: 'created', part: part.part, batchId })
    return { batchId }
  }

  async #requests(part: BatchPart): Promise<MessageBatchRequest[]> {
    const prefix = prefixOf(this.#context.ledger, part)
    const requests: MessageBatchRequest[] = []
    for await (const { body, index } of this.#input(part))
      requests.push({ custom_id: customIdOf(prefix, index), params: body })
    return requests
  }

  async #create(requests: MessageBatchRequest[]): Promise<string> {
    const { retrier } = this.#context
    const { batches } = this.#settings.client.messages
    // The client must not retry by itself: it would not check whether the first attempt has succeeded.
    const options = { signal: retrier.signal, maxRetries: 0 }
    return (await retrier.untilAborted(batches.create({ requests }, options))).id
  }

  /** Returns the ids of the newest batches, the newest first. */
  async #newest(): Promise<string[]> {
    const { signal } = this.#context.retrier
    const ids: string[] = []
    for await (const { id } of this.#settings.client.messages.batches.list({ limit: MAX_SEEN }, { signal })) {
      ids.push(id)
      if (ids.length === MAX_SEEN) break
    }
    return ids
  }

  /** Returns when the part is tried again; undefined for at once. @throws the error if that is pointless, or all attempts are used up */
  async #afterFailure(part: BatchPart, error: unknown, hasActive: boolean): Promise<Submission | undefined> {
    const { ledger, retrier } = this.#context
    retrier.signal.throwIfAborted()
    const isRefused = refuses(error)
    if (isRefused) await ledger.append({ type: 'refused', part: part.part })
    if (isFinal(error) || SPENT.test(codeOf(error))) throw error
    if (isRefused && hasActive) return { later: 'all' }
    const failures = (this.#failures.get(part.part) ?? 0) + 1
    this.#failures.set(part.part, failures)
    if (failures >= this.#settings.maxCallAttempts) throw error
    if (!isRefused) return { later: 'all' }
    const waitMs = retryAfterMs(error)
    if (waitMs > 0) await retrier.wait(waitMs * 1.35)
    else await retrier.afterFailure(error, failures)
    return undefined
  }
}

/**
 * Whether an error says that the batch was not created. Status 408, 409 and 5xx do not say that, nor does an error without a status. 529 does: the
 * provider is overloaded, and takes no request.
 */
function refuses(error: unknown): boolean {
  const status = statusOf(error)
  return (
    status === 529 || (status !== undefined && status >= 400 && status < 500 && ![408, 409].includes(status))
  )
}

/** Codes of a spend limit, which has status 429 and lasts until the next month. */
const SPENT = /spend_limit/

function codeOf(error: unknown): string {
  const body = (error as { error?: { error?: { details?: { error_code?: unknown } } } } | undefined)?.error
  return String(body?.error?.details?.error_code)
}

/** Returns how long the provider asks to wait, in milliseconds, at most an hour; 0 if it does not say. */
function retryAfterMs(error: unknown): number {
  const headers = (error as { headers?: { get?: (name: string) => string | null } } | undefined)?.headers
  const seconds = Number(headers?.get?.('retry-after') ?? NaN)
  return seconds > 0 ? Math.min(MAX_RETRY_AFTER_MS, seconds * 1_000) : 0
}
