import { isRecord } from '../wire/json.ts'
import type { TokenUsage } from '../receipt.ts'
import { readUsage } from '../wire/usage.ts'
import type { EventMeaning, FaultEvent, StreamDialect } from './dialect.ts'
import { inBandFault, parseEvent } from './in-band-fault.ts'
import type { SseEvent } from './sse-splitter.ts'

/**
 * Chat Completions, and the older Completions, whose choices carry `text`.
 * Proof: every choice that was begun has its `finish_reason`. Providers differ in all else: a first chunk with
 * no choices, usage with or after the last one, no `object`, no `[DONE]`.
 */
export class ChatDialect implements StreamDialect {
  usage: TokenUsage | undefined
  contents = 0
  readonly #finishReasons = new Map<number, string>()
  readonly #unfinished = new Set<number>()

  get proven(): boolean {
    return this.#finishReasons.size > 0 && this.#unfinished.size === 0
  }

  get finishReasons(): readonly string[] {
    return [...this.#finishReasons.values()]
  }

  read(event: SseEvent): EventMeaning {
    if (event.data === undefined) return 'quiet'
    if (event.data === '[DONE]') return 'end'
    const chunk = parseEvent(event)
    const fault = inBandFault(event.name, chunk)
    if (fault) return fault
    this.usage = readUsage(chunk['usage']) ?? this.usage
    const choices = chunk['choices']
    if (!Array.isArray(choices)) return 'quiet'
    let content = false
    for (const choice of choices as readonly unknown[]) {
      if (isRecord(choice)) content = this.#readChoice(choice) || content
    }
    if (content) this.contents++
    return content ? 'content' : 'quiet'
  }

  faultEvent({ code, message }: { code: string; message: string }): FaultEvent {
    return { name: undefined, json: { error: { message, type: 'harbor_error', code } } }
  }

  #readChoice(choice: Readonly<Record<string, unknown>>): boolean {
    const index = typeof choice['index'] === 'number' ? choice['index'] : 0
    const reason = choice['finish_reason']
    if (typeof reason === 'string' && reason !== '') {
      this.#finishReasons.set(index, reason)
      this.#unfinished.delete(index)
    } else if (!this.#finishReasons.has(index)) {
      this.#unfinished.add(index)
    }
    return isContent(choice['text']) || (isRecord(choice['delta']) && deltaHasContent(choice['delta']))
  }
}

/** Text, reasoning, a refusal, a tool call, audio: whatever field carries it. The role alone is none. */
function deltaHasContent(delta: Readonly<Record<string, unknown>>): boolean {
  for (const field in delta) {
    if (field !== 'role' && isContent(delta[field])) return true
  }
  return false
}

function isContent(value: unknown): boolean {
  if (typeof value === 'string') return value !== ''
  if (Array.isArray(value)) return value.length > 0
  return isRecord(value) && Object.keys(value).length > 0
}
