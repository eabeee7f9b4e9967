import { AttemptError } from '../attempt/attempt-error.ts'
import { endReason } from '../attempt/attempt-scope.ts'
import { mayMoveOn } from '../attempt/next-step.ts'
import { CallWait } from '../call/call-wait.ts'
import { callsLeft, type Answer, type Exchange } from '../call/exchange.ts'
import type { Takeover } from '../call/leg.ts'
import { noteWait } from '../call/note-wait.ts'
import { TimeoutError } from '../base/errors.ts'
import type { WaitReason } from '../reporting/attempt-record.ts'
import type { Target } from '../reporting/target.ts'
import { isTierRefusal, situationOf } from '../verdict/verdict.ts'
import { nextTier, type TierState } from '../routing/next-tier.ts'
import type { Ladder } from '../targets/plan.ts'
import { ChainRun, type ChainServices } from './chain-run.ts'
import { tierStates } from '../routing/tier-states.ts'

/** How long a tier is left alone after an attempt that Harbor itself refused to send, in milliseconds. */
const NOT_SENT_MS = 1_000
/** The number of requests that are kept for the standard tier: one, and a retry. */
const KEPT_FOR_STANDARD = 2

/**
 * Serves one call that may wait, on the tiers of its model:
 *
 *     a cheaper tier is ready and fits ──> call it ──> answer
 *        ^            │                      └─ refused: its cooldown starts ─┐
 *        │            └─ in cooldown, and fits afterwards ──> wait ─┐         │
 *        └──────────────────────────────────────────────────────────┴─────────┘
 *     no cheaper tier fits any more ──> standard tier, then the other targets
 */
export class LadderRun {
  readonly #exchange: Exchange
  readonly #ladder: Ladder
  /** The standard tier, and the targets that take over from it. */
  readonly #rest: readonly Target[]
  readonly #services: ChainServices
  readonly #deadlineAt: number
  /** The tiers that failed this call other than by a refusal, or timed out. They are not called again for it. */
  readonly #failed = new Set<Target>()
  readonly #notBefore = new Map<Target, number>()
  #takeover: Takeover | undefined
  #lastError: AttemptError | undefined

  /** @param targets the tiers and all other targets of the call, in the order of the plan */
  constructor(exchange: Exchange, ladder: Ladder, targets: readonly Target[], services: ChainServices) {
    const { policy, receipt, deadline } = exchange
    this.#exchange = exchange
    this.#ladder = ladder
    this.#rest = targets.filter((target) => !ladder.cheaper.includes(target))
    this.#services = services
    // A caller with more time may join the call and move its deadline. Those that wait already keep theirs.
    this.#deadlineAt = Math.min(deadline.at, receipt.startedAt + policy.totalMs)
  }

  /** Calls the tiers until one answers. @throws AttemptError when no target answered */
  async run(): Promise<Answer> {
    for (;;) {
      const next = nextTier(this.#states(), this.#ladder, this.#clock())
      if (next.kind === 'wait') await this.#wait(next.ms, next.reason)
      else if (next.kind === 'standard') return this.#callStandard(next.skipped)
      else {
        const answer = await this.#callTier(next.tier, next.endsAt)
        if (answer) return answer
      }
    }
  }

  #clock(): { now: number; startedAt: number; deadlineAt: number } {
    const { policy, receipt } = this.#exchange
    return { now: policy.clock.now(), startedAt: receipt.startedAt, deadlineAt: this.#deadlineAt }
  }

  #states(): ReadonlyMap<Target, TierState> {
    const { policy } = this.#exchange
    const { health, quotas } = this.#services
    const limitMs = (target: Target): number => quotas.waitMs(target, this.#exchange)
    const states = tierStates(this.#exchange, this.#ladder, { health, limitMs })
    // One request has to be left for the standard tier.
    const isLast = callsLeft(this.#exchange) <= Math.min(KEPT_FOR_STANDARD, policy.maxUpstreamCalls - 1)
    for (const [target, state] of states) {
      if (target === this.#ladder.standard) continue
      if (isLast || policy.maxUpstreamCalls === 1) state.unable = 'maxUpstreamCalls leaves it no request'
      else if (this.#failed.has(target)) state.unable = 'it has failed'
      const heldMs = (this.#notBefore.get(target) ?? 0) - policy.clock.now()
      if (heldMs > state.readyInMs) state.readyInMs = heldMs
    }
    return states
  }

  /** Calls one tier. Returns undefined if it did not answer, and the call goes on. */
  async #callTier(tier: Target, endsAt: number): Promise<Answer | undefined> {
    const exchange = this.#exchange
    const { policy, receipt } = exchange
    const { health } = this.#services
    const begun = policy.clock.now()
    const attemptsBefore = receipt.attempts.length
    health.cooldowns.noteSending(tier, policy.routes.providerOf(tier), exchange)
    // A tier that is tried again has not taken over from itself.
    const takeover = this.#takeover?.from === tier.name ? undefined : this.#takeover
    const run = new ChainRun(exchange, [tier], this.#services, takeover, { others: this.#rest, endsAt })
    try {
      return await run.run()
    } catch (error) {
      if (!(error instanceof AttemptError)) throw error
      const { failure } = error
      const refused = isTierRefusal(failure)
      if (refused) receipt.refusedByTiers += receipt.attempts.length - attemptsBefore
      else if (situationOf(failure) === 'refused') this.#notBefore.set(tier, policy.clock.now() + NOT_SENT_MS)
      else this.#failed.add(tier)
      if (TimeoutError.is(error.cause) && error.cause.clock === 'attempt')
        health.latencies.note(tier, exchange.streaming, policy.clock.now() - begun, policy.clock.now())
      if (!mayMoveOn(error)) throw error
      if (receipt.attempts.length > attemptsBefore) this.#lastError = error
      this.#takeover = { from: tier.name, reason: failure.kind, skipped: undefined }
      return undefined
    }
  }

  async #callStandard(skipped: readonly { target: string; reason: string }[]): Promise<Answer> {
    const exchange = this.#exchange
    exchange.receipt.skipped.push(...skipped)
    try {
      return await new ChainRun(exchange, this.#rest, this.#services, this.#takeover).run()
    } catch (error) {
      // The refusal of a tier says more than that nothing else could be sent.
      const isOwn = error instanceof AttemptError && situationOf(error.failure) === 'refused'
      throw isOwn && this.#lastError ? this.#lastError : error
    }
  }

  /** Waits until a tier may have capacity. @throws when the call is aborted, its time is up, or the client is closed */
  async #wait(ms: number, reason: WaitReason): Promise<void> {
    const exchange = this.#exchange
    const { policy, receipt, signal } = exchange
    const startedAt = policy.clock.now()
    const wait = new CallWait(exchange)
    try {
      await wait.pause(ms)
    } catch (error) {
      if (signal?.aborted) throw endReason(exchange)
      throw wait.isOver ? new TimeoutError('total', policy.totalMs, error) : error
    } finally {
      wait.end()
      receipt.waited(policy.clock.now() - startedAt, reason === 'limit' ? 'limit' : 'tier')
      noteWait(exchange, reason, startedAt)
    }
  }
}
