import { isModelOperation } from '../answers/demand.ts'
import type { Answer } from '../answers/answer.ts'
import type { Call } from '../call.ts'
import type { RateLimits } from './rate-limits.ts'

/** Takes what a call costs from its quota, and gives back its place when it ends. The refusal, if there is not enough. */
export function admit(call: Call, limits: RateLimits | undefined): Answer | undefined {
  const { operation, body } = call.request
  if (limits === undefined || !isModelOperation(operation)) return undefined
  const good = call.answer()
  // Without a key that is known there is nobody whose quota it could be.
  if (good.status === 401) return undefined
  const admission = limits.admit(operation, body, good)
  call.headers = admission.headers
  call.onEnd = () => admission.release()
  return admission.refusal
}
