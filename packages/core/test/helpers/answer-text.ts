import type { Api } from './three-clients.ts'

/**
 * The text of an answer as `Reading.chunks` has it, streamed or not.
 * @throws Error when the chunks belong to two answers, have a gap, or do not end exactly once
 */
export function textOf(api: Api, chunks: readonly unknown[]): string {
  return api === 'chat'
    ? chatText(chunks as readonly ChatChunk[])
    : responsesText(chunks as readonly ResponsesEvent[])
}

interface ChatChunk {
  readonly id: string
  readonly choices: readonly {
    readonly message?: { readonly content: string }
    readonly delta?: { readonly content?: string | null }
    readonly finish_reason: string | null
  }[]
}

interface ResponsesEvent {
  readonly type?: string
  readonly sequence_number?: number
  readonly delta?: string
  readonly output_text?: string
  readonly response?: {
    readonly output: readonly { readonly content?: readonly { readonly text: string }[] }[]
  }
}

function chatText(chunks: readonly ChatChunk[]): string {
  const choices = chunks.flatMap((chunk) => chunk.choices)
  if (new Set(chunks.map(({ id }) => id)).size > 1) throw new Error('The chunks are of two answers.')
  if (choices.filter((choice) => choice.finish_reason).length !== 1) throw new Error('It does not end once.')
  return choices.map(({ message, delta }) => (message ?? delta)?.content ?? '').join('')
}

function responsesText(events: readonly ResponsesEvent[]): string {
  const [only] = events
  if (only?.output_text !== undefined) return only.output_text
  if (events.some(({ sequence_number: number }, place) => number !== place)) throw new Error('It has a gap.')
  const text = events.map(({ type, delta }) => (type === 'response.output_text.delta' ? delta : '')).join('')
  const [item] = events.at(-1)?.response?.output ?? []
  if (item?.content?.[0]?.text !== text) throw new Error('Its end and its parts are two texts.')
  return text
}
