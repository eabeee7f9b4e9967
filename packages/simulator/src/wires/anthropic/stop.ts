import type { Finish, Generation } from '../../answers/generate.ts'
import type { Question } from '../wire.ts'

/** The fields that say why a message ended. */
export interface Stop {
  stop_reason: string | null
  stop_sequence: string | null
  stop_details?: object
}

const reasons: Readonly<Record<Finish, string>> = {
  stop: 'end_turn',
  stop_sequence: 'stop_sequence',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'refusal',
  refusal: 'refusal',
}

/** Returns the stop reason of a message: Anthropic's own, or the one that a fault sets. */
export function stopOf({ finish, stopSequence }: Generation, { body, ending }: Question): Stop {
  const reason = ending?.reason === undefined ? reasons[finish] : ending.reason
  return {
    stop_reason: reason,
    stop_sequence: stopSequence ?? null,
    ...(reason === 'refusal' && { stop_details: refusalDetails(ending?.category, body['model']) }),
  }
}

function refusalDetails(category = 'cyber', model: unknown) {
  return {
    type: 'refusal',
    category,
    explanation: `This request triggered restrictions on violative ${category} content and was blocked under Anthropic's Usage Policy.`,
    recommended_model: model,
  }
}
