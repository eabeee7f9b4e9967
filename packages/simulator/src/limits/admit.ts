import type { Answer } from '../answers/answer.ts'
import type { Call } from '../call.ts'
import { isMetered } from '../route.ts'
import { refuseKey } from '../wires/answer-request.ts'
import { wireOf } from '../wires/registry.ts'
import type { RateLimits } from './rate-limits.ts'

/** Charges a call to its quota, and frees its concurrency slot when the call ends. Returns the 429 to send if the quota is used up. */
export function admit(call: Call, limits: RateLimits | undefined): Answer | undefined {
  const { request, script } = call
  if (limits === undefined || !isMetered(request.operation)) return undefined
  // Without a valid key there is no quota to take from.
  if (refuseKey(request, script.apiKeys)) return undefined
  const admission = limits.admit(request, wireOf(request), call.answer())
  call.headers = admission.headers
  call.onEnd(() => admission.release())
  return admission.refusal
}
