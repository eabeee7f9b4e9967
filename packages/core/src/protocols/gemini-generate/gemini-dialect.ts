import { StreamFaultError } from '../../base/errors.ts'
import type { JsonBody } from '../../base/json.ts'
import { DONE, isHollow, type SseEvent } from '../../wire/sse-event.ts'
import { responseIdOf } from '../openai/response-id.ts'
import { Delivery } from '../shared/delivery.ts'
import { MAX_REASONS } from '../shared/finish-reasons.ts'
import { ReportedFault } from '../shared/in-band-fault.ts'
import { readData } from '../shared/read-data.ts'
import type { EventMeaning, FaultEvent, StreamDialect } from '../shared/stream-dialect.ts'
import { hasSubstance, isPing } from '../shared/substance.ts'
import { fieldOf, recordAt } from './fields.ts'
import { blockReasonOf, finishReasonOf } from './finish-reasons.ts'
import { declaredIn, googleError } from './gemini-errors.ts'
import { GeminiUsage } from './gemini-usage.ts'
import { statusOfName } from './status-names.ts'

/** The maximum number of candidates of a stream. No model makes more. */
const MAX_CANDIDATES = 128

/**
 * Reads streams of `streamGenerateContent`. The stream is proven complete when every candidate that was requested or begun has its
 * `finishReason`. If the prompt was blocked, no candidate follows, and the stream is complete as well. `CONTINUATION` is a finish reason
 * like any other: the SDK goes on with another request.
 */
export class GeminiDialect implements StreamDialect {
  responseId: string | undefined
  readonly delivery = new Delivery(new GeminiUsage())
  readonly #expected: number
  readonly #finishReasons = new Map<number, string>()
  readonly #unfinished = new Set<number>()
  #blocked: string | undefined

  /** @param request the request, which says how many candidates it wants */
  constructor(request: JsonBody = {}) {
    const count = fieldOf(recordAt(request, 'generationConfig'), 'candidateCount')
    this.#expected = typeof count === 'number' && count <= MAX_CANDIDATES ? count : 1
  }

  get proven(): boolean {
    if (this.#blocked !== undefined) return true
    return (
      this.#finishReasons.size > 0 &&
      this.#finishReasons.size >= this.#expected &&
      this.#unfinished.size === 0
    )
  }

  get finishReasons(): readonly string[] {
    if (this.#blocked !== undefined) return [this.#blocked]
    return [...this.#finishReasons.values()].slice(0, MAX_REASONS)
  }

  read(event: SseEvent): EventMeaning {
    if (event.data === undefined) return 'nothing'
    if (event.data === DONE) return 'end'
    if (isHollow(event)) return 'nothing'
    const chunk = readData(event, faultIn)
    if (chunk instanceof StreamFaultError) return chunk
    this.responseId ??= responseIdOf({ id: chunk['responseId'] })
    const { candidates } = chunk
    const content = Array.isArray(candidates) && this.#readCandidates(candidates)
    this.#blocked ??= blockReasonOf(chunk)
    this.delivery.read(chunk)
    // A finish reason makes an answer also without content, and so does a blocked prompt.
    if (content || (Array.isArray(candidates) ? this.proven : this.#blocked !== undefined)) return 'content'
    return !Array.isArray(candidates) && isPing(chunk) ? 'nothing' : 'quiet'
  }

  faultIn(name: string | undefined, data: JsonBody): StreamFaultError | undefined {
    return faultIn(name, data)
  }

  /**
   * Returns an event as one `data:` line. Google's SDK reads no other form: it ignores an event that begins with another field or a comment,
   * and takes everything after the first `data:` for JSON, also `[DONE]`.
   */
  asRead(event: SseEvent): SseEvent {
    if (event.data === DONE) return { ...event, data: undefined }
    // In JSON, a line end is white space.
    return event.isPlain ? event : { ...event, name: undefined, data: event.data?.replace(LINE_END, ' ') }
  }

  /**
   * Whether Google's SDK throws for an event. It does so only if the event is nothing but data, and its error has an HTTP status from 400 to
   * 599 as its code.
   */
  isRaised({ isPlain, json, form }: SseEvent): boolean {
    if (form !== undefined || !isPlain || json === undefined) return false
    const { code } = recordAt(json, 'error')
    return typeof code === 'number' && code >= 400 && code < 600
  }

  faultEvent({ code, message, status }: Fault): FaultEvent {
    const reported = status ?? statusOfName(code) ?? STATUS_OF_FAULT[code]
    return {
      name: undefined,
      json: { error: googleError({ code, message }, reported ?? 503) },
    }
  }

  #readCandidates(candidates: readonly unknown[]): boolean {
    let hasContent = false
    for (const candidate of candidates) {
      if (typeof candidate !== 'object' || candidate === null) continue
      if (this.#readCandidate(candidate as JsonBody)) hasContent = true
    }
    return hasContent
  }

  #readCandidate(candidate: JsonBody): boolean {
    const index = Number(candidate['index'] ?? 0)
    const reason = finishReasonOf(candidate)
    if (reason !== undefined) {
      if (this.#finishReasons.size < MAX_CANDIDATES) this.#finishReasons.set(index, reason)
      this.#unfinished.delete(index)
    } else if (!this.#finishReasons.has(index) && this.#unfinished.size < MAX_CANDIDATES) {
      this.#unfinished.add(index)
    }
    const { parts } = recordAt(candidate, 'content')
    if (!Array.isArray(parts) || !parts.some(isContent)) return false
    this.delivery.add(parts)
    return true
  }
}

/** A fault to report: Harbor's own, or one that the provider reported with a status. */
interface Fault {
  readonly code: string
  readonly message: string
  readonly status?: number | undefined
}

/** The HTTP status of each of Harbor's own faults, by its code. A fault that is not listed has status 503. */
const STATUS_OF_FAULT: Readonly<Record<string, number>> = { stream_stalled: 504 }

function faultIn(name: string | undefined, data: JsonBody): StreamFaultError | undefined {
  const reported = declaredIn(data) ?? (name === 'error' ? declaredIn({ error: data }) : undefined)
  return reported && new ReportedFault(reported)
}

/**
 * Whether a part has content for the reader: text, a thought, a function call, data, or anything that Harbor does not know. A signature
 * alone is no content.
 */
function isContent(part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return hasSubstance(part)
  const { text } = part as JsonBody
  if (typeof text === 'string' && text !== '') return true
  for (const field in part) {
    if (!NO_CONTENT.has(field) && hasSubstance((part as JsonBody)[field])) return true
  }
  return false
}

const LINE_END = /\r\n|\n|\r/g
const NO_CONTENT = new Set(['thoughtSignature', 'thought_signature'])
