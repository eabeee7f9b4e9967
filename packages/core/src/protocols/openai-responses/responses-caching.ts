import { isRecord, type JsonBody } from '../../base/json.ts'
import { EventProof } from '../openai/event-proof.ts'
import type { AnswerRefusal, CachingRules } from '../protocol.ts'
import { isStateful } from './is-stateful.ts'

/** Responses may be answered again if they refer to nothing at the provider, and leave nothing there. */
export const RESPONSES_CACHING: CachingRules = {
  // `store` is true by default: what is stored has an id that others may refer to.
  whyUnsafe: (request) => (request['store'] === false && !isStateful(request) ? undefined : 'stateful'),
  refusalOf: (answer) => (answer['error'] != null ? 'error' : refusalOfResponse(answer)),
  newProof: () => new ResponsesProof(),
}

/** Proof is the event that closes the response. */
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

/** https://platform.openai.com/docs/api-reference/responses/object: `status` and `incomplete_details`. */
function refusalOfResponse({ status, incomplete_details: details }: JsonBody): AnswerRefusal | undefined {
  if (status === 'completed') return undefined
  if (status === 'failed') return 'error'
  const reason = isRecord(details) ? details['reason'] : undefined
  if (reason === 'max_output_tokens') return 'length'
  return reason === 'content_filter' ? 'content-filter' : 'incomplete'
}
