import type { Attributes } from '@opentelemetry/api'
import { attemptErrorType, attemptOutcome } from '../facts/error-type.ts'
import { bounded, operationName, providerName } from '../facts/names.ts'
import type { CallReceipt, CallRequest } from '../observed.ts'
import type { Attempt } from '../observed-attempt.ts'
import { AttributeSet } from './attribute-set.ts'

/** The maximum number of names that metrics count separately: of models, of targets, and of the values of each label. */
const MAX_NAMES = 100
/** The maximum number of combinations of attributes that are counted separately. */
const MAX_SETS = 1_000
/** The name under which all others are counted. */
const OTHER = 'other'

/** The names of one kind, such as those of models, which callers choose. */
class Names {
  readonly #known = new Set<string>()

  of(name: string): string {
    if (this.#known.has(name)) return name
    if (this.#known.size >= MAX_NAMES) return OTHER
    const cut = bounded(name)
    this.#known.add(cut)
    return cut
  }
}

type Values = Readonly<Record<string, string | undefined>>

/**
 * The attributes of metrics. Their number is bounded: names beyond the bounds become `other`. An object is created once for each combination,
 * and used for all calls.
 */
export class MetricAttributes {
  readonly #none = new AttributeSet({})
  /** The number of combinations in use. */
  #count = 0
  readonly #models = new Names()
  readonly #targets = new Names()
  readonly #labels: readonly (readonly [label: string, attribute: string, values: Names])[]

  /** @param labels the names of the labels of calls that become attributes */
  constructor(labels: readonly string[]) {
    this.#labels = labels.map((label) => [label, `harbor.label.${label}`, new Names()])
  }

  /** Returns the attributes of a whole call, with more of them. */
  ofCall(receipt: CallReceipt, request: CallRequest, more: Values): Attributes {
    let set = this.#none
      .with('gen_ai.operation.name', operationName(request.operation))
      .with('gen_ai.provider.name', providerName(request.provider))
    for (const name in more) {
      const value = more[name]
      if (value !== undefined) set = set.with(name, value)
    }
    const chosen = this.#chosenByCaller(receipt, request, set)
    return this.#use(chosen ?? this.#othersOf(receipt, request, set))
  }

  /** Adds what callers choose: the model and the labels. Returns undefined for a new combination if there are too many. */
  #chosenByCaller(
    { labels }: CallReceipt,
    { model }: CallRequest,
    values: AttributeSet,
  ): AttributeSet | undefined {
    const isFull = this.#count >= MAX_SETS
    const add = (to: AttributeSet | undefined, name: string, value: string): AttributeSet | undefined =>
      isFull ? to?.find(name, value) : to?.with(name, value)
    let set: AttributeSet | undefined = values
    if (model !== undefined) set = add(set, 'gen_ai.request.model', this.#models.of(model))
    for (const [label, name, names] of this.#labels) {
      const value = labels?.[label]
      if (value !== undefined) set = add(set, name, names.of(value))
    }
    return isFull && !set?.isUsed ? undefined : set
  }

  /** The same with `other` for each value. */
  #othersOf({ labels }: CallReceipt, { model }: CallRequest, values: AttributeSet): AttributeSet {
    let set = values
    if (model !== undefined) set = set.with('gen_ai.request.model', OTHER)
    for (const [label, name] of this.#labels) if (labels?.[label] !== undefined) set = set.with(name, OTHER)
    return set
  }

  #use(set: AttributeSet): Attributes {
    if (!set.isUsed) this.#count++
    set.isUsed = true
    return set.attributes
  }

  /** Returns the name of a target, or `other`. */
  target(name: string | undefined): string {
    return this.#targets.of(name ?? '')
  }

  ofTarget(target: string | undefined): Attributes {
    return this.of({ 'harbor.target': this.target(target) })
  }

  ofAttempt(attempt: Attempt): Attributes {
    return this.of({
      'harbor.target': this.target(attempt.target),
      'harbor.attempt.reason': attempt.reason,
      'harbor.attempt.outcome': attemptOutcome(attempt),
      'error.type': attemptErrorType(attempt),
    })
  }

  /** Returns an object with these attributes; undefined ones are left out. */
  of(values: Values): Attributes {
    let set = this.#none
    for (const name in values) {
      const value = values[name]
      if (value !== undefined) set = set.with(name, value)
    }
    return this.#use(set)
  }
}
