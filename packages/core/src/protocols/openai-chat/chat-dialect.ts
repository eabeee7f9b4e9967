import { cleanWord } from '../../base/clean.ts'
import { OpenAIEvents } from '../openai/openai-events.ts'
import { OpenAIUsage } from '../openai/openai-usage.ts'
import type { StreamEndRule } from '../protocol.ts'
import { isFinishReason, MAX_REASONS } from '../shared/finish-reasons.ts'
import { isRecord } from '../../base/json.ts'
import { responseIdOf } from '../openai/response-id.ts'
import { Delivery } from '../shared/delivery.ts'
import type { EventMeaning, FaultEvent, StreamDialect } from '../shared/stream-dialect.ts'
import { readData } from '../shared/read-data.ts'
import { DONE, isHollow, type SseEvent } from '../../wire/sse-event.ts'
import { fieldsHaveSubstance, hasSubstance, isPing } from '../shared/substance.ts'
import { StreamFaultError } from '../../base/errors.ts'

/**
 * Reads streams of Chat Completions, and of the older Completions, whose choices carry `text`. The stream is proven complete when every
 * choice that was begun has its `finish_reason`. Nothing else is required, since providers differ: some send a first chunk without
 * choices, usage with or after the last choice, no `object`, or no `[DONE]`.
 */
export class ChatDialect extends OpenAIEvents implements StreamDialect {
  responseId: string | undefined
  readonly delivery = new Delivery(new OpenAIUsage())
  readonly #doneProves: boolean
  readonly #finishReasons = new Map<number, string>()
  readonly #unfinished = new Set<number>()
  #isDone = false

  /**
   * @param end what proves that a stream is complete. Use `done` for a provider that sends no finish reasons: `[DONE]` is then the proof,
   * once a choice has begun
   */
  constructor(end: StreamEndRule = 'finish-reason') {
    super()
    this.#doneProves = end === 'done'
  }

  get proven(): boolean {
    if (this.#isDone && this.#doneProves) return this.#finishReasons.size + this.#unfinished.size > 0
    return this.#finishReasons.size > 0 && this.#unfinished.size === 0
  }

  get finishReasons(): readonly string[] {
    return [...this.#finishReasons.values()].slice(0, MAX_REASONS)
  }

  read(event: SseEvent): EventMeaning {
    if (event.data === undefined) return 'nothing'
    if (event.data === DONE) {
      this.#isDone = true
      return 'end'
    }
    if (isHollow(event)) return 'nothing'
    const chunk = readData(event)
    if (chunk instanceof StreamFaultError) return chunk
    this.responseId ??= responseIdOf(chunk)
    const choices = chunk['choices']
    const content = Array.isArray(choices) && this.#readChoices(choices)
    this.delivery.read(chunk)
    if (content) return 'content'
    return !Array.isArray(choices) && isPing(chunk) ? 'nothing' : 'quiet'
  }

  faultEvent({ code, message }: { code: string; message: string }): FaultEvent {
    return { name: undefined, json: { error: { message, type: 'harbor_error', param: null, code } } }
  }

  #readChoices(choices: readonly unknown[]): boolean {
    let content = false
    for (const choice of choices) {
      if (!isRecord(choice) || !this.#readChoice(choice)) continue
      content = true
      this.delivery.add(choice['delta'] ?? choice['text'])
    }
    return content
  }

  #readChoice(choice: Readonly<Record<string, unknown>>): boolean {
    const index = Number(choice['index'] ?? 0)
    const reason = choice['finish_reason']
    if (isFinishReason(reason)) {
      this.#finishReasons.set(index, cleanWord(reason))
      this.#unfinished.delete(index)
    } else if (!this.#finishReasons.has(index)) {
      this.#unfinished.add(index)
    }
    return hasSubstance(choice['text']) || (isRecord(choice['delta']) && deltaHasContent(choice['delta']))
  }
}

/** Whether a delta has content (text, reasoning, a refusal, a tool call, audio) in any field other than `role` and the speaker's `name`. */
function deltaHasContent(delta: Readonly<Record<string, unknown>>): boolean {
  const { content } = delta
  if (typeof content === 'string' && content !== '') return true
  return 'name' in delta ? fieldsHaveSubstance({ ...delta, name: null }) : fieldsHaveSubstance(delta)
}
