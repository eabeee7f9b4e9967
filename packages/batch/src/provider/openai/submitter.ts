import type { BatchOrder, RemoteBatch } from './client.ts'
import type { Ledger, BatchPart } from '../state/ledger.ts'
import type { ProviderBatchSettings } from './options.ts'
import type { Retrier } from '../retrier.ts'
import type { RequestLines } from '../request-lines.ts'
import type { SubmitOptions } from '../vendor.ts'

/**
 * How far the provider's clock may be from the clock of this machine, in milliseconds. The search for a batch of this run ends at batches that were
 * created before the run by more than this.
 */
const CLOCKS_APART_MS = 3_600_000

/** The maximum number of attempts to create a batch while the provider is still processing its file. */
const MAX_FILE_POLLS = 200
const FILE_READY = /^(?:processed|uploaded|succeeded|ready|available|active)$/i
const FILE_FAILED = /^(?:error|failed|deleted|deleting|cancell?ed)$/i

/**
 * Uploads a part and creates its batch, but never a second batch: if it is unknown whether an attempt has created the batch, the provider's list is
 * searched before the next attempt.
 */
export class Submitter {
  readonly #settings: ProviderBatchSettings
  readonly #ledger: Ledger
  readonly #retrier: Retrier
  /** The part whose batch is being created. Until the provider answers, it is unknown whether this batch exists. */
  #creating: BatchPart | undefined
  /** The id of the last uploaded file, if the provider has reported that the file is processed. */
  #usable: string | undefined

  constructor(settings: ProviderBatchSettings, ledger: Ledger, retrier: Retrier) {
    this.#settings = settings
    this.#ledger = ledger
    this.#retrier = retrier
  }

  /** Uploads a part, unless it is already uploaded, and creates its batch. @returns the id of the batch */
  async submit(
    part: BatchPart,
    { lines, resumed }: Pick<SubmitOptions, 'lines' | 'resumed'>,
  ): Promise<string> {
    const fileId = part.fileId ?? (await this.#upload(part, await lines()))
    this.#creating = part
    const { id } =
      (resumed ? await this.#find(part, this.#retrier) : undefined) ?? (await this.#create(part, fileId))
    await this.#ledger.append({ type: 'created', part: part.part, batchId: id })
    this.#creating = undefined
    return id
  }

  /** Finds the batch of a part that an earlier process may have created without recording it, and records it. @returns undefined if there is none */
  async adopt(part: BatchPart): Promise<string | undefined> {
    const id = (await this.#find(part, this.#retrier))?.id
    if (id !== undefined) await this.#ledger.append({ type: 'created', part: part.part, batchId: id })
    return id
  }

  /** Returns the id of a batch that exists at the provider, although the call that creates it has not returned; undefined if there is none. */
  async unconfirmed(retrier: Retrier): Promise<string | undefined> {
    return this.#creating && (await this.#find(this.#creating, retrier))?.id
  }

  async #upload({ part }: BatchPart, { pieces }: RequestLines): Promise<string> {
    const { client } = this.#settings
    const { signal } = this.#retrier
    const file = new File(pieces, `harbor-${this.#ledger.run.run}-${part}.jsonl`, {
      type: 'application/jsonl',
    })
    const { id, status } = await this.#retrier.call(() =>
      client.files.create({ file, purpose: 'batch' }, { signal }),
    )
    if (status === 'processed') this.#usable = id
    await this.#ledger.append({ type: 'uploaded', part, fileId: id })
    return id
  }

  async #create(part: BatchPart, fileId: string): Promise<RemoteBatch> {
    const { client, endpoint, pollMs, maxPollMs } = this.#settings
    const { run } = this.#ledger.run
    const order = {
      input_file_id: fileId,
      endpoint: endpoint as BatchOrder['endpoint'],
      completion_window: '24h',
      metadata: { harbor_run: run, harbor_shard: part.part },
    } as const
    // The client must not retry by itself: it would not check whether the first attempt has succeeded.
    const options = { signal: this.#retrier.signal, maxRetries: 0, idempotencyKey: `${run}-${part.part}` }
    // The number of rejections while the provider did not report the file as being processed.
    let refusals = 0
    for (let failures = 1; ; failures++) {
      try {
        return await this.#retrier.untilAborted(client.batches.create(order, options))
      } catch (error) {
        if (rejectsFile(error, this.#usable === fileId)) {
          if (failures >= MAX_FILE_POLLS) throw error
          const isProcessing = await this.#isProcessing(fileId, error)
          if (!isProcessing && ++refusals >= this.#settings.maxCallAttempts) throw error
          await this.#retrier.wait(Math.min(maxPollMs, pollMs * 1.5 ** Math.min(20, failures - 1)))
          continue
        }
        await this.#retrier.afterFailure(error, failures)
        const found = await this.#find(part, this.#retrier)
        if (found) return found
      }
    }
  }

  /**
   * Whether the provider is still processing a file, according to the status of the file. Azure rejects a batch while its file is `pending`.
   *
   * @param refusal the error with which the provider rejected the batch
   * @returns undefined if the provider does not report the status
   * @throws `refusal` if the file has failed
   */
  async #isProcessing(fileId: string, refusal: unknown): Promise<boolean | undefined> {
    const { files } = this.#settings.client
    const { signal } = this.#retrier
    if (!files.retrieve) return undefined
    const { status } = await this.#retrier
      .untilAborted(files.retrieve(fileId, { signal }))
      .catch(() => ({ status: undefined }))
    signal.throwIfAborted()
    if (status === undefined) return undefined
    if (FILE_FAILED.test(status)) throw refusal
    return !FILE_READY.test(status)
  }

  /** Finds the batch of a part by its metadata, in the provider's list of batches, which begins with the newest. */
  async #find({ part }: BatchPart, retrier: Retrier): Promise<RemoteBatch | undefined> {
    const { run, startedAtMs } = this.#ledger.run
    return retrier.call(async () => {
      const { signal } = retrier
      for await (const batch of this.#settings.client.batches.list({ limit: 100 }, { signal })) {
        if (batch.metadata?.['harbor_run'] === run && batch.metadata['harbor_shard'] === part) return batch
        if (batch.created_at * 1_000 < startedAtMs - CLOCKS_APART_MS) break
      }
      return undefined
    })
  }
}

/**
 * Whether the provider rejected a batch because of its file, which may become ready a little later.
 *
 * @param isUsable whether the provider has reported that the file is processed. If so, returns true only for an error that names the file
 */
function rejectsFile(error: unknown, isUsable: boolean): boolean {
  const { status, code, param, message } = Object(error) as Partial<Record<string, unknown>>
  if (![400, 404, 409, 422, 425].includes(Number(status))) return false
  const words = `${String(code)} ${String(param)} ${String(message)}`
  return /\bfile|_file/i.test(words) || (!isUsable && status !== 409)
}
