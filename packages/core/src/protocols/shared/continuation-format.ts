import type { JsonBody } from '../../base/json.ts'

/**
 * How a model is asked to continue a broken answer. `prefix`: by an assistant message marked with `prefix: true` (DeepSeek, Mistral).
 * `assistant`: by an assistant message at the end. `user-turn`: by a user message that quotes the end of the answer. `none`: never.
 */
export type Continuation = 'prefix' | 'assistant' | 'user-turn' | 'none'

/** What an event adds to an answer. */
export interface AnswerPart {
  readonly text: string
  /** Whether the event has content that is not plain text of the first choice, such as the arguments of a tool. */
  readonly hasOther: boolean
  /** Whether the event ends the answer. */
  readonly isEnd: boolean
}

/** Reads the events of one answer, in their order. */
export interface AnswerReader {
  read(event: JsonBody): AnswerPart
}

/** The text of a broken answer. */
export interface BrokenText {
  /** All text that the reader got. */
  readonly sent: string
  /** The end of that text. The model has to repeat it first, which shows where its continuation begins. */
  readonly anchor: string
}

/** How a broken stream of a protocol is continued by another request. */
export interface ContinuationFormat {
  /** Whether the answer to a request is one plain text. */
  isPlainText(request: JsonBody): boolean
  /** Makes a reader for the events of one answer. */
  newReader(): AnswerReader
  /** Makes the request for the continuation; undefined if the request allows no more output. */
  requestFor(request: JsonBody, broken: BrokenText, form: Exclude<Continuation, 'none'>): JsonBody | undefined
  /**
   * Makes an event of a continuation a part of the first answer.
   * @param last the last event of the first answer that had text
   * @param first the first event of the continuation that has text
   * @param text replaces the text of the event
   */
  joined(event: JsonBody, last: JsonBody, first: JsonBody, text: string): JsonBody
}
