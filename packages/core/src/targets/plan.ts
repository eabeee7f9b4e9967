import type { Target } from '../reporting/target.ts'

/** The targets that a call may be sent to, in the configured order. */
export interface Plan {
  /** The requested target, followed by the targets that take over when it fails. */
  readonly outage: readonly Target[]
  /** The service tiers that a call with `prefer: 'cheapest'` may use; undefined for other calls, and if no tier is cheaper. */
  readonly ladder?: Ladder | undefined
  /** The targets for a request that is too long for the targets in `outage`. */
  readonly contextWindow: readonly Target[]
  /** The targets for a request that was refused by a content filter. */
  readonly contentPolicy: readonly Target[]
  /**
   * An id of the credentials that the call may use besides the client's own; empty if there are none. Contains keys, so it must not be
   * shown.
   */
  readonly credentials: string
  /**
   * A warning that names the targets that the call skips because their providers do not serve its protocol; undefined if there are none.
   */
  readonly warning: string | undefined
}

/** The service tiers of a model for a call that may wait. All of them are in the plan's `outage`, in this order. */
export interface Ladder {
  /** The tiers that cost less than the standard one, the cheapest first. */
  readonly cheaper: readonly Target[]
  /** The target that answers when no cheaper tier is likely to answer in time. */
  readonly standard: Target
  /** The target that the request names: the standard one, or a tier. */
  readonly requested: Target
}

/** Returns the requested target of a plan. @param targets those in its `outage` */
export function requestedOf([requested]: readonly Target[]): Target {
  if (!requested) throw new Error('The plan has no target.')
  return requested
}
