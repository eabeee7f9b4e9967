import type { Ending, Finish, Generation } from '../../answers/generate.ts'
import { tokenise } from '../../answers/tokens.ts'

/** The output of a model, with OpenAI's finish reason and refusal. */
export interface Choice extends Generation {
  /** The `finish_reason` of chat; null if a fault removes it. */
  reason: string | null
  /** The pieces of a refusal; empty if the model did not refuse. */
  refusal: readonly string[]
}

const refusalText = tokenise('I’m sorry, but I can’t help with that.')

/** Adds OpenAI's finish reason to a generation and, if the model refuses, the text of its refusal. */
export function choiceOf(generation: Generation, ending: Ending | undefined): Choice {
  const refusal = generation.finish === 'refusal' ? refusalText : []
  return {
    ...generation,
    refusal,
    outputTokens: generation.outputTokens + refusal.length,
    reason: ending?.reason === undefined ? reasons[generation.finish] : ending.reason,
  }
}

const reasons: Readonly<Record<Finish, string>> = {
  stop: 'stop',
  stop_sequence: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  content_filter: 'content_filter',
  refusal: 'stop',
}
