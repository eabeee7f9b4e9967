import { isModelOperation } from '../answers/demand.ts'
import type { Answer } from '../answers/answer.ts'
import type { Call } from '../call.ts'
import type { RateLimits } from './rate-limits.ts'

/** Takes the cost of a call from its quota, and frees its slot when the call ends. Returns the refusal if the quota is used up. */
export function admit(call: Call, limits: RateLimits | undefined): Answer | undefined {
  const { operation, body } = call.request
  if (limits === undefined || !isModelOperation(operation)) return undefined
  const good = call.answer()
  // Without a valid key there is no quota to take from.
  if (good.status === 401) return undefined
  const admission = limits.admit(operation, body, good)
  call.headers = admission.headers
  call.onEnd = () => admission.release()
  return admission.refusal
}
