import { answerRequest } from '../wires/answer-request.ts'
import { apiErrorFor, errorAnswer } from '../wires/openai/errors.ts'
import type { RecordedRequest } from '../journal.ts'
import { hashText, seededRandom } from '../random.ts'
import type { ProviderScript } from '../script/script.ts'
import type { Clock } from '../time/clock.ts'
import { Batch, type BatchFate } from './batch.ts'
import { drawTimes, pickFault, shuffle } from './batch-fates.ts'
import { type BatchInput, type BatchLine, readBatchInput } from './batch-input.ts'
import type { BatchScript } from './batch-script.ts'
import type { FileStore, StoredFile } from './file-store.ts'

export interface BatchRequest {
  endpoint: string
  metadata: unknown
  file: StoredFile
  /** The request that creates the batch. Each line of the batch is answered like a direct request with the same headers. */
  request: RecordedRequest
  script: ProviderScript
}

/** All batches of a provider, each with the fault that the script selects for it. */
export class BatchBook {
  readonly #batches = new Map<string, Batch>()
  readonly #files: FileStore
  readonly #seed: number
  readonly #clock: Clock

  constructor(files: FileStore, seed: number, clock: Clock) {
    this.#files = files
    this.#clock = clock
    this.#seed = seed
  }

  create({ endpoint, metadata, file, request, script }: BatchRequest): Batch {
    const number = this.#batches.size + 1
    const id = `batch_${this.#seed.toString(16)}${number.toString(16).padStart(8, '0')}`
    const random = seededRandom(hashText(id, this.#seed))
    const { batches = {}, models } = script
    const { maxRequests = 50_000 } = batches
    const input = this.#enqueue(readBatchInput(file.content, endpoint, { maxRequests, models }), batches)
    const fault = pickFault(batches, number, this.#seed)
    const fate = fault?.type === 'slow' ? fault.then : fault
    const batch = new Batch({
      order: { id, endpoint, inputFile: file.about.id, metadata, createdMs: Date.now() },
      input,
      times: drawTimes(batches, fault, random),
      fate,
      lines: shuffle(input.lines, random),
      answer: (line, index) => answerLine(line, index, { endpoint, input, fate, request, script }),
      files: this.#files,
      clock: this.#clock,
    })
    this.#batches.set(id, batch)
    return batch
  }

  get(id: string): Batch | undefined {
    const batch = this.#batches.get(id)
    return batch?.vanished ? undefined : batch
  }

  /** Returns the batches in the order of their creation, without those that have vanished because of a fault. */
  all(): Batch[] {
    return [...this.#batches.values()].filter((batch) => !batch.vanished)
  }

  /** Returns totals over all batches that were ever created. */
  counts() {
    const batches = [...this.#batches.values()]
    const sum = (field: 'completed' | 'failed' | 'input' | 'output') =>
      batches.reduce((total, { totals }) => total + totals[field], 0)
    return {
      created: batches.length,
      lines: sum('completed') + sum('failed'),
      tokens: { input: sum('input'), output: sum('output') },
    }
  }

  stop(): void {
    for (const batch of this.#batches.values()) batch.stop()
  }

  /**
   * Adds an error to the input of a batch if the batch exceeds the enqueued-token limit. As at OpenAI, such a batch is
   * created, and fails afterwards.
   */
  #enqueue(input: BatchInput, { enqueuedTokens: limit = Infinity }: BatchScript): BatchInput {
    const taken = [...this.#batches.values()]
      .filter(({ model }) => model === input.model)
      .reduce((total, batch) => total + batch.enqueuedTokens, 0)
    if (input.problems.length > 0 || taken + input.inputTokens <= limit) return input
    const message = `Enqueued token limit reached for ${input.model} in organization org-harbor. Limit: ${limit.toLocaleString('en-US')} enqueued tokens. Please try again once some in_progress batches have been completed.`
    return { ...input, problems: [{ code: 'token_limit_exceeded', message, param: null, line: null }] }
  }
}

interface LineContext extends Pick<BatchRequest, 'endpoint' | 'request' | 'script'> {
  input: BatchInput
  fate: BatchFate | undefined
}

/**
 * Returns the answer to a line of a batch: the answer to a direct request with the same body, or an error if the fault of
 * the batch requires it.
 */
function answerLine(line: BatchLine, index: number, { endpoint, input, fate, request, script }: LineContext) {
  if (fate?.type === 'errors' && index < Math.round(fate.share * input.lines.length)) {
    const { status = 500, code } = fate
    return errorAnswer(status, { ...apiErrorFor(status), ...(code !== undefined && { code }) })
  }
  const direct = {
    ...request,
    operation: input.operation,
    path: endpoint,
    body: line.body,
    model: input.model,
  }
  return answerRequest(direct, Buffer.from(JSON.stringify(line.body)), script, { stream: false })
}
