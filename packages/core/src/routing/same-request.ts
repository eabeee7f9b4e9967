import { linesOf } from '../targets/twins.ts'
import type { AdaptedRequest } from './adapt-request.ts'

/** Whether two targets of a call have led to the same request, so that the second could only repeat the first. */
export function isSameRequest(one: AdaptedRequest, other: AdaptedRequest): boolean {
  return (
    one.url === other.url &&
    one.credential === other.credential &&
    one.init.body === other.init.body &&
    linesOf(one.headers) === linesOf(other.headers)
  )
}
