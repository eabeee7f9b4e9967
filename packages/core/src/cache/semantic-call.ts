import type { Cache, Source, Stored, WorkContext } from '@harbor/cache'
import type { SemanticCache, SemanticLookup } from '@harbor/cache/semantic'
import { parseRecord, type JsonBody } from '../base/json.ts'
import type { QuestionFormat } from '../protocols/shared/question-format.ts'
import { DONE } from '../wire/sse-event.ts'
import { SseSplitter } from '../wire/sse-splitter.ts'
import type { AnswerHead } from './answer-head.ts'

/** An answer that is found by the meaning of its question. */
export interface MeantAnswer {
  /** The key and the scope of the answer in the cache. When it is no longer there, it is not served. */
  readonly key: string
  readonly scope: string
  readonly head: AnswerHead
  readonly content: string | Uint8Array
  /** The text of the answer, for the judge. */
  readonly text: string
}

/** The origin of an answer that was cached for another text. */
export class SemanticOrigin {
  readonly similarity: number
  readonly ageMs: number

  constructor(similarity: number, ageMs: number) {
    this.similarity = similarity
    this.ageMs = ageMs
  }
}

/** The question of one call, and where its answers are. */
interface AskedQuestion {
  readonly text: string
  /** Returns the partition. @throws UnkeyableRequestError */
  readonly partition: () => string
  readonly scope: string
  readonly ttlMs: number
  readonly asking: QuestionFormat
}

/** The part that the semantic cache has in one call. */
export class SemanticCall {
  readonly #cache: SemanticCache<MeantAnswer>
  readonly #store: Cache<never>
  readonly #question: AskedQuestion
  #lookup: SemanticLookup<MeantAnswer> | undefined
  #answer: Pick<MeantAnswer, 'key' | 'head' | 'content'> | undefined

  constructor(
    { cache, store }: { readonly cache: SemanticCache<MeantAnswer>; readonly store: Cache<never> },
    question: AskedQuestion,
  ) {
    this.#cache = cache
    this.#store = store
    this.#question = question
  }

  /**
   * Returns an answer to a question of the same meaning, instead of an upstream call. While the semantic cache does not serve, it returns none at
   * once; the question is then looked up beside the call.
   */
  async source({ key, signal, isRefresh }: WorkContext): Promise<Source<AnswerHead> | undefined> {
    if (this.#cache.state !== 'serving' || isRefresh || key === '') return undefined
    const { text, scope } = this.#question
    const found = await this.#cache.lookup({ partition: this.#question.partition(), text, signal })
    this.#lookup = found
    if (found.status !== 'hit') return undefined
    const { value, similarity, ageMs } = found
    // An answer that was removed from the cache, or has expired there, is not served.
    if (value.scope !== scope || !this.#store.has(value.key, { scope })) return undefined
    const body = typeof value.content === 'string' ? value.content : chunksOf(value.content)
    return { head: value.head, body, origin: new SemanticOrigin(similarity, ageMs) }
  }

  /** Notes the answer of the upstream call. @param content a text, or all chunks of a stream */
  note({ key }: WorkContext, head: AnswerHead, content: string | readonly Uint8Array[]): void {
    this.#answer = { key, head, content: typeof content === 'string' ? content : Buffer.concat(content) }
  }

  /**
   * Stores the answer by the meaning of its question once the cache has it, and has a hit judged that was not served. It does so beside the call,
   * and never fails.
   *
   * @param stored whether the cache has stored the answer
   */
  keep(stored: Promise<Stored>): void {
    void this.#keep(stored).catch(() => undefined)
  }

  async #keep(stored: Promise<Stored>): Promise<void> {
    if ((await stored) !== true || !this.#answer || this.#answer.key === '') return
    const { text, scope, ttlMs } = this.#question
    const answerText = this.#textOf(this.#answer.content)
    if (!answerText || this.#answer.content.length > MAX_CONTENT) return
    const value = { ...this.#answer, scope, text: answerText }
    const partition = this.#question.partition()
    const isShadow = this.#lookup === undefined && this.#cache.state !== 'serving'
    const lookup = isShadow ? await this.#cache.lookup({ partition, text }) : this.#lookup
    if (lookup?.status === 'shadow-hit') void lookup.compare(value)
    await this.#cache.store({ partition, text, value, ttlMs, lookup })
  }

  #textOf(content: string | Uint8Array): string | undefined {
    const { asking } = this.#question
    if (typeof content !== 'string') return asking.textOfEvents(eventsIn(content))
    const answer = parseRecord(content)
    return answer && asking.textOf(answer)
  }
}

/** The largest answer that is found by the meaning of its question, in bytes or UTF-16 code units. */
const MAX_CONTENT = 65_536

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes
}

const END_OF_EVENT = Buffer.from('\n\n')

function eventsIn(bytes: Uint8Array): JsonBody[] {
  const { events } = new SseSplitter().push(Buffer.concat([bytes, END_OF_EVENT]))
  return events
    .map(({ data }) => (data === undefined || data === DONE ? undefined : parseRecord(data)))
    .filter((event) => event !== undefined)
}
