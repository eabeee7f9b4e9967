import type { JsonBody } from '../../base/json.ts'
import { ANSWER } from '../openai/answer.ts'
import type { AnswerFormat } from '../protocol.ts'
import { MissingAnswerError } from '../shared/missing-answer.ts'

/** An answer of the Responses API. */
export const RESPONSES_ANSWER: AnswerFormat = {
  ...ANSWER,
  missing: (_request, answer) =>
    hasOutput(answer) ? undefined : new MissingAnswerError('without an output'),
}

/** An output may be empty while the response is being made, and when it ended early. */
function hasOutput({ output, status }: JsonBody): boolean {
  return Array.isArray(output) && (output.length > 0 || (typeof status === 'string' && status !== ''))
}
