import { isRecord, type JsonBody } from '../../base/json.ts'
import { EventProof } from '../openai/event-proof.ts'
import type { AnswerRefusal, CachingRules } from '../protocol.ts'
import { isStateful } from './is-stateful.ts'

/** Which answers of the Responses API may be cached: answers to requests that neither use nor create stored state at the provider. */
export const RESPONSES_CACHING: CachingRules = {
  // `store` is true by default, and other requests may refer to a stored response by its id.
  whyUnsafe: (request) => (request['store'] === false && !isStateful(request) ? undefined : 'stateful'),
  refusalOf: (answer) => (answer['error'] != null ? 'error' : refusalOfResponse(answer)),
  newProof: () => new ResponsesProof(),
}

/** Decides whether a streamed response may be cached, by its event `response.completed` or `response.incomplete`. */
class ResponsesProof extends EventProof {
  #refusal: AnswerRefusal | undefined = 'incomplete'

  protected override read(type: unknown, { response }: JsonBody): void {
    if (type === 'response.completed' || type === 'response.incomplete')
      this.#refusal = refusalOfResponse(isRecord(response) ? response : {})
  }

  protected override get refusalOfContent(): AnswerRefusal | undefined {
    return this.#refusal
  }
}

/**
 * Returns the reason why a response must not be cached; undefined when it may be cached. See `status` and `incomplete_details` in
 * https://platform.openai.com/docs/api-reference/responses/object
 */
function refusalOfResponse({ status, incomplete_details: details }: JsonBody): AnswerRefusal | undefined {
  if (status === 'completed') return undefined
  if (status === 'failed') return 'error'
  const reason = isRecord(details) ? details['reason'] : undefined
  if (reason === 'max_output_tokens') return 'length'
  return reason === 'content_filter' ? 'content-filter' : 'incomplete'
}
