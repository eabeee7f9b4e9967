import { consecutive, CircuitBreaker, timeWindow, type Permit, type TripRule } from '@harbor/breaker'
import { cooldownOf, type Failure } from '@harbor/retry'
import { notify } from './notify.ts'
import type { BreakerChange, CommonOptions, ModelTarget } from './options.ts'

/** The longest cooldown, in milliseconds: 25 hours, the longest day. */
const MAX_COOLDOWN_MS = 90_000_000
/** The maximum time of a probe through a half-open circuit, in milliseconds. A probe is a real call, which may take long. */
const PROBE_TIMEOUT_MS = 120_000
const TRIP_WITH_ALTERNATIVE = /* @__PURE__ */ consecutive(3)
/** While no other target can take over, a circuit opens only if the target fails often, because an open circuit fails calls, too. */
const TRIP_WITHOUT_ALTERNATIVE = /* @__PURE__ */ timeWindow({
  durationMs: 30_000,
  failureRatio: 0.5,
  minimumCalls: 20,
})

/** A model of the list, with its circuit and its cooldown. */
export class Target<Model> implements ModelTarget {
  readonly name: string
  readonly provider: string
  readonly modelId: string
  readonly model: Model
  readonly breaker: CircuitBreaker | undefined
  #availableAt = 0

  constructor(name: string, model: Model & ModelIdentity, breaker: CircuitBreaker | undefined) {
    this.name = name
    this.model = model
    this.provider = model.provider
    this.modelId = model.modelId
    this.breaker = breaker
  }

  /** How long the cooldown still lasts, in milliseconds. */
  get cooldownMs(): number {
    return Math.max(0, this.#availableAt - performance.now())
  }

  /** Starts the cooldown that a failure calls for, if any. */
  noteFailure(failure: Failure): void {
    const cooldown = cooldownOf(failure)
    if (!cooldown) return
    const until = performance.now() + Math.min(cooldown.ms, MAX_COOLDOWN_MS)
    this.#availableAt = Math.max(this.#availableAt, until)
  }

  /** An answer shows that the target is available again. */
  noteAnswer(): void {
    this.#availableAt = 0
  }

  /** Why the circuit refuses a call now; `undefined` if it does not. */
  refusal(): string | undefined {
    try {
      this.breaker?.check()
      return undefined
    } catch {
      return `circuit ${this.breaker?.state ?? 'open'}`
    }
  }

  /** Returns the permit of one call; `undefined` without a circuit breaker, `false` if the circuit refuses the call. */
  acquire(): Permit | undefined | false {
    return this.refusal() === undefined ? this.breaker?.acquire() : false
  }

  /** Returns the permit of a call that is made although the circuit refuses it. A success closes the circuit; a failure changes nothing. */
  lastChance(): Permit {
    return { succeed: this.#recover, fail: nothing, release: nothing, answered: nothing }
  }

  readonly #recover = (): void => {
    this.breaker?.halfOpen()
    const permit = this.acquire()
    // If a probe is in flight, it decides.
    if (permit) permit.succeed()
  }
}

const nothing = (): void => undefined

interface ModelIdentity {
  readonly provider: string
  readonly modelId: string
}

/** Whether a call should be sent to a target: its circuit is not open, and it is in no cooldown. */
export function isAvailable(target: Target<unknown>): boolean {
  const state = target.breaker?.state
  return state !== 'open' && state !== 'isolated' && target.cooldownMs === 0
}

/** The listeners that observers have added for changes of circuits. */
export type BreakerListeners = Set<(change: BreakerChange) => void>

/** Creates a target for each model, with a unique name. */
export function targetsOf<Model extends ModelIdentity>(
  models: readonly Model[],
  { breaker, on }: CommonOptions,
  breakerListeners: BreakerListeners,
): Target<Model>[] {
  const notifyBreaker = (change: BreakerChange): void => {
    notify(on?.breaker, change)
    for (const listener of breakerListeners) notify(listener, change)
  }
  const names = new Set<string>()
  const targets: Target<Model>[] = []
  /** Whether another target can take over. A half-open circuit lets only one call through at a time. */
  const hasAlternative = (self: string): boolean =>
    targets.some((other) => other.name !== self && other.breaker?.state !== 'half-open' && isAvailable(other))
  for (const model of models) {
    const base = `${model.provider}/${model.modelId}`
    let name = base
    for (let count = 2; names.has(name); count++) name = `${base}#${count}`
    names.add(name)
    if (breaker === false) {
      targets.push(new Target(name, model, undefined))
      continue
    }
    // Every error that reaches the breaker counts: the table of verdicts has decided so.
    const circuit = new CircuitBreaker({
      trip: [onlyIf(TRIP_WITH_ALTERNATIVE, () => hasAlternative(name)), TRIP_WITHOUT_ALTERNATIVE],
      probeTimeoutMs: PROBE_TIMEOUT_MS,
      ...breaker,
      name,
      judge: ({ ok }: { ok: boolean }) => (ok ? 'success' : 'failure'),
    })
    circuit.on('open', () => notifyBreaker({ target: name, state: 'open' }))
    circuit.on('half-open', () => notifyBreaker({ target: name, state: 'half-open' }))
    circuit.on('close', () => notifyBreaker({ target: name, state: 'closed' }))
    targets.push(new Target(name, model, circuit))
  }
  return targets
}

/** Returns a trip rule that counts all results, but opens the circuit only while `mayTrip` returns true. */
function onlyIf(rule: TripRule, mayTrip: () => boolean): TripRule {
  return {
    timing: rule.timing,
    start(saved) {
      const tally = rule.start(saved)
      return {
        record: (failed, durationMs, now) => tally.record(failed, durationMs, now) && mayTrip(),
        counts: (now) => tally.counts(now),
        save: () => tally.save(),
      }
    },
  }
}
