import type { Answer } from '../answers/answer.ts'
import { refuseKey } from '../wires/answer-request.ts'
import type { RecordedRequest } from '../journal.ts'
import type { ProviderScript } from '../script/script.ts'
import type { Clock } from '../time/clock.ts'
import { answerBatches } from './answer-batches.ts'
import { answerFiles } from './answer-files.ts'
import { BatchBook } from './batch-book.ts'
import { FileStore } from './file-store.ts'
import { MessageBatches } from './message-batches.ts'

/** The endpoints /v1/files and /v1/batches of OpenAI, and /v1/messages/batches of Anthropic, of one provider. All files and batches are in memory. */
export class BatchService {
  readonly #files: FileStore
  readonly #book: BatchBook
  readonly #messages: MessageBatches

  constructor(seed: number, clock: Clock) {
    this.#files = new FileStore(seed.toString(16))
    this.#book = new BatchBook(this.#files, seed, clock)
    this.#messages = new MessageBatches(seed, clock)
  }

  /** Answers a request. Must be called only once per request, because it may create, change or delete a file or batch. */
  answer(request: RecordedRequest, raw: Buffer, script: ProviderScript): Answer {
    const refusal = refuseKey(request, script.apiKeys)
    if (refusal) return refusal
    if (request.wire === 'anthropic') return this.#messages.answer(request, raw, script)
    // Batches that have ended by now write their files.
    for (const batch of this.#book.all()) batch.look()
    return request.operation === 'files'
      ? answerFiles(this.#files, request, raw, script.batches ?? {})
      : answerBatches(this.#book, this.#files, request, script)
  }

  counts() {
    const [files, messages] = [this.#book.counts(), this.#messages.counts()]
    return {
      created: files.created + messages.created,
      lines: files.lines + messages.lines,
      tokens: {
        input: files.tokens.input + messages.tokens.input,
        output: files.tokens.output + messages.tokens.output,
      },
    }
  }

  /** Stops the work on all batches, so that no further lines are answered. */
  stop(): void {
    this.#book.stop()
  }
}
