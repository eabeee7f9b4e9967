import type { RemoteBatch } from './client.ts'
import type { Ledger, Part } from './ledger.ts'
import type { ProviderBatchSettings } from './options.ts'
import type { Patience } from './patience.ts'
import type { RequestLines } from './request-lines.ts'

/** How far the clocks of two machines are apart, in milliseconds, with ease. */
const CLOCKS_APART_MS = 3_600_000

/** Uploads a part and creates its batch, once: before anything is created a second time, the provider is asked whether it is there. */
export class Submitter {
  readonly #settings: ProviderBatchSettings
  readonly #ledger: Ledger
  readonly #patience: Patience
  /** Its batch is being created: nobody knows yet whether it is. */
  #creating: Part | undefined

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
    const { id } = await this.#patience.call(() =>
      client.files.create({ file, purpose: 'batch' }, { signal }),
    )
    await this.#ledger.append({ type: 'uploaded', part, fileId: id })
    return id
  }

  async #create(part: Part, fileId: string): Promise<RemoteBatch> {
    const { client, endpoint } = this.#settings
    const { run } = this.#ledger.run
    const order = {
      input_file_id: fileId,
      endpoint,
      completion_window: '24h',
      metadata: { harbor_run: run, harbor_shard: part.part },
    } as const
    // The client must not try again by itself: it would not look whether the first try has gone through.
    const options = { signal: this.#patience.signal, maxRetries: 0, idempotencyKey: `${run}-${part.part}` }
    for (let failures = 1; ; failures++) {
      try {
        return await this.#patience.until(client.batches.create(order, options))
      } catch (error) {
        await this.#patience.afterFailure(error, failures)
        const found = await this.#find(part, this.#patience)
        if (found) return found
      }
    }
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
