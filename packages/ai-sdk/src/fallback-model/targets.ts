import { consecutive, CircuitBreaker, timeWindow, type Permit } from '@harbor/breaker'
import { cooldownOf, type Failure } from '@harbor/retry'
import { notify } from './notify.ts'
import type { CommonOptions, ModelTarget } from './options.ts'

/** The longest cooldown, in milliseconds: 25 hours, the longest day. */
const MAX_COOLDOWN_MS = 90_000_000
/** The maximum time of a probe through a half-open circuit, in milliseconds. A probe is a real call, which may take long. */
const PROBE_TIMEOUT_MS = 120_000

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
}

interface ModelIdentity {
  readonly provider: string
  readonly modelId: string
}

/** Whether a call should be sent to a target: its circuit is not open, and it is in no cooldown. */
export function isAvailable(target: Target<unknown>): boolean {
  const state = target.breaker?.state
  return state !== 'open' && state !== 'isolated' && target.cooldownMs === 0
}

/** Creates a target for each model, with a unique name. */
export function targetsOf<Model extends ModelIdentity>(
  models: readonly Model[],
  { breaker, on }: CommonOptions,
): Target<Model>[] {
  const names = new Map<string, number>()
  const trip =
    models.length > 1
      ? consecutive(3)
      : timeWindow({ durationMs: 30_000, failureRatio: 0.5, minimumCalls: 20 })
  return models.map((model) => {
    const base = `${model.provider}/${model.modelId}`
    const count = (names.get(base) ?? 0) + 1
    names.set(base, count)
    const name = count === 1 ? base : `${base}#${count}`
    if (breaker === false) return new Target(name, model, undefined)
    // Every error that reaches the breaker counts: the table of verdicts has decided so.
    const circuit = new CircuitBreaker({
      trip,
      probeTimeoutMs: PROBE_TIMEOUT_MS,
      ...breaker,
      judge: ({ ok }: { ok: boolean }) => (ok ? 'success' : 'failure'),
    })
    circuit.on('open', () => notify(on?.breaker, { target: name, state: 'open' }))
    circuit.on('half-open', () => notify(on?.breaker, { target: name, state: 'half-open' }))
    circuit.on('close', () => notify(on?.breaker, { target: name, state: 'closed' }))
    return new Target(name, model, circuit)
  })
}
