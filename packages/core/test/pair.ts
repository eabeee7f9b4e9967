import type { ProviderScript, SimulatedProvider } from '@harbor/simulator'
import { startSimulator } from '@harbor/simulator'
import { onTestFinished } from 'vitest'
import type { HarborFetchOptions } from '../src/index.ts'
import type { Api } from './clients.ts'

/** What the two models say: the one text cannot be taken for the other, nor for a part of it. */
export const PRIMARY_SAYS = 'The first of them says what it was asked to say and not a word more than that.'
export const BACKUP_SAYS = 'Another one stands in: here is its own answer, whole and from its very beginning.'

export const PRIMARY = 'openai/gpt-4'
export const BACKUP = 'backup/gpt-4'

/** Two providers of this test's own. */
export interface Pair {
  readonly primary: SimulatedProvider
  readonly backup: SimulatedProvider
  /** Options under which the one stands in for the other. */
  readonly options: HarborFetchOptions
}

export async function simulatePair(primary: ProviderScript = {}, backup: ProviderScript = {}): Promise<Pair> {
  const simulator = await startSimulator({
    providers: {
      primary: { reply: PRIMARY_SAYS, ...primary },
      backup: { reply: BACKUP_SAYS, ...backup },
    },
  })
  onTestFinished(() => simulator.close())
  const [first, second] = [simulator.provider('primary'), simulator.provider('backup')]
  return { primary: first, backup: second, options: standingIn(second) }
}

function standingIn(backup: SimulatedProvider): HarborFetchOptions {
  return {
    providers: { backup: { apiKey: 'backup-key', baseURL: backup.baseURL } },
    fallback: { '*': [BACKUP] },
  }
}

/** The text that a reader puts together from an answer, which must be of one piece: numbered without gaps, ended once. */
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
