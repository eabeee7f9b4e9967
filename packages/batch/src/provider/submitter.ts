import type { BatchOrder, RemoteBatch } from './client.ts'
import type { Ledger, Part } from './ledger.ts'
import type { ProviderBatchSettings } from './options.ts'
import type { Patience } from './patience.ts'
import type { RequestLines } from './request-lines.ts'

/** How far the clocks of two machines are apart, in milliseconds, with ease. */
const CLOCKS_APART_MS = 3_600_000

/** How often a batch is created whose file is not ready, while the provider says that it is being taken in. */
const MOST_LOOKS = 200
const DONE = /^(?:processed|uploaded|succeeded|ready|available|active)$/i
const BROKEN = /^(?:error|failed|deleted|deleting|cancell?ed)$/i

/** Uploads a part and creates its batch, once: before anything is created a second time, the provider is asked whether it is there. */
export class Submitter {
  readonly #settings: ProviderBatchSettings
  readonly #ledger: Ledger
  readonly #patience: Patience
  /** Its batch is being created: nobody knows yet whether it is. */
  #creating: Part | undefined
  /** The file that was uploaded last, if the provider called it processed. */
  #usable: string | undefined

  constructor(settings: ProviderBatchSettings, ledger: Ledger, patience: Patience) {
    this.#settings = settings
    this.#ledger = ledger
    this.#patience = patience
  }

  /** @returns the id of its batch */
  async submit(part: Part, lines: () => Promise<RequestLines>, resumed: boolean): Promise<string> {
    const fileId = part.fileId ?? (await this.#upload(part, await lines()))
    this.#creating = part
    const { id } =
      (resumed ? await this.#find(part, this.#patience) : undefined) ?? (await this.#create(part, fileId))
    await this.#ledger.append({ type: 'created', part: part.part, batchId: id })
    this.#creating = undefined
    return id
  }

  /** The id of a batch that was created without anybody hearing of it. */
  async unheard(patience: Patience): Promise<string | undefined> {
    return this.#creating && (await this.#find(this.#creating, patience))?.id
  }

  async #upload({ part }: Part, { pieces }: RequestLines): Promise<string> {
    const { client } = this.#settings
    const { signal } = this.#patience
    const file = new File(pieces, `harbor-${this.#ledger.run.run}-${part}.jsonl`, {
      type: 'application/jsonl',
    })
    const { id, status } = await this.#patience.call(() =>
      client.files.create({ file, purpose: 'batch' }, { signal }),
    )
    if (status === 'processed') this.#usable = id
    await this.#ledger.append({ type: 'uploaded', part, fileId: id })
    return id
  }

  async #create(part: Part, fileId: string): Promise<RemoteBatch> {
    const { client, endpoint, pollMs, maxPollMs } = this.#settings
    const { run } = this.#ledger.run
    const order = {
      input_file_id: fileId,
      endpoint: endpoint as BatchOrder['endpoint'],
      completion_window: '24h',
      metadata: { harbor_run: run, harbor_shard: part.part },
    } as const
    // The client must not try again by itself: it would not look whether the first try has gone through.
    const options = { signal: this.#patience.signal, maxRetries: 0, idempotencyKey: `${run}-${part.part}` }
    // Refusals for a file of which the provider does not say that it is being taken in.
    let refusals = 0
    for (let failures = 1; ; failures++) {
      try {
        return await this.#patience.until(client.batches.create(order, options))
      } catch (error) {
        if (refusesFile(error, this.#usable === fileId)) {
          if (failures >= MOST_LOOKS) throw error
          const isTakenIn = await this.#isTakenIn(fileId, error)
          if (!isTakenIn && ++refusals >= this.#settings.maxCallAttempts) throw error
          await this.#patience.wait(Math.min(maxPollMs, pollMs * 1.5 ** Math.min(20, failures - 1)))
          continue
        }
        await this.#patience.afterFailure(error, failures)
        const found = await this.#find(part, this.#patience)
        if (found) return found
      }
    }
  }

  /**
   * Whether a file is still being taken in, by its status: Azure refuses batches of a `pending` one.
   *
   * @returns undefined if the provider does not say
   * @throws the refusal, when the file has failed
   */
  async #isTakenIn(fileId: string, refusal: unknown): Promise<boolean | undefined> {
    const { files } = this.#settings.client
    const { signal } = this.#patience
    if (!files.retrieve) return undefined
    const { status } = await this.#patience
      .until(files.retrieve(fileId, { signal }))
      .catch(() => ({ status: undefined }))
    signal.throwIfAborted()
    if (status === undefined) return undefined
    if (BROKEN.test(status)) throw refusal
    return !DONE.test(status)
  }

  /** The batch of a part, by what is written on it. The list begins with the newest. */
  async #find({ part }: Part, patience: Patience): Promise<RemoteBatch | undefined> {
    const { run, startedAtMs } = this.#ledger.run
    return patience.call(async () => {
      const { signal } = patience
      for await (const batch of this.#settings.client.batches.list({ limit: 100 }, { signal })) {
        if (batch.metadata?.['harbor_run'] === run && batch.metadata['harbor_shard'] === part) return batch
        if (batch.created_at * 1_000 < startedAtMs - CLOCKS_APART_MS) break
      }
      return undefined
    })
  }
}

/**
 * Whether a batch was refused for its file, which may be there a little later.
 *
 * @param isUsable the provider has called the file processed: then only a refusal that names the file counts
 */
function refusesFile(error: unknown, isUsable: boolean): boolean {
  const { status, code, param, message } = Object(error) as Partial<Record<string, unknown>>
  if (![400, 404, 409, 422, 425].includes(Number(status))) return false
  const words = `${String(code)} ${String(param)} ${String(message)}`
  return /\bfile|_file/i.test(words) || (!isUsable && status !== 409)
}
