import type { FaultOf } from '../../script/fault.ts'
import type { Question } from '../wire.ts'
import { failedResponse, responseEvent } from './responses.ts'

/** An error in a stream: an error object in chat, an `error` event and then `response.failed` in Responses. */
export function streamError(fault: FaultOf<'stream-error'>, question: Question): string[] {
  const { afterEvents, code, errorType, message, event } = fault
  const error = {
    message: message ?? 'The server had an error while processing your request.',
    type: errorType ?? 'server_error',
    param: null,
    code: code ?? 'server_error',
  }
  if (question.request.operation !== 'responses') {
    return [`${event ? 'event: error\n' : ''}data: ${JSON.stringify({ error })}\n\n`]
  }
  return [
    responseEvent('error', afterEvents, { error }),
    responseEvent('response.failed', afterEvents + 1, { response: failedResponse(question, error) }),
  ]
}
