import type { JsonBody } from '../../base/json.ts'

/** Whether a request continues a stored response or conversation, or runs in the background. Sending such a request twice may do harm. */
export function isStateful(body: JsonBody): boolean {
  return body['previous_response_id'] != null || body['conversation'] != null || body['background'] === true
}
