import type { Attributes } from '@opentelemetry/api'
import { attemptErrorType, attemptOutcome } from '../facts/error-type.ts'
import { bounded, operationName, providerName } from '../facts/names.ts'
import type { CallReceipt, CallRequest } from '../observed.ts'
import type { Attempt } from '../observed-attempt.ts'

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
  readonly #sets = new Map<string, Attributes>()
  readonly #models = new Names()
  readonly #targets = new Names()
  readonly #labels: readonly (readonly [name: string, values: Names])[]

  /** @param labels the names of the labels of calls that become attributes */
  constructor(labels: readonly string[]) {
    this.#labels = labels.map((name) => [name, new Names()])
  }

  /** Returns the attributes of a whole call, with more of them. */
  ofCall({ labels }: CallReceipt, request: CallRequest, more: Values): Attributes {
    const values = {
      'gen_ai.operation.name': operationName(request.operation),
      'gen_ai.provider.name': providerName(request.provider),
      ...more,
    }
    const model = request.model === undefined ? undefined : this.#models.of(request.model)
    const ofLabels = this.#labels.map(([name, names]): [string, string | undefined] => {
      const value = labels?.[name]
      return [`harbor.label.${name}`, value === undefined ? undefined : names.of(value)]
    })
    const open = { 'gen_ai.request.model': model, ...Object.fromEntries(ofLabels) }
    if (this.#sets.size < MAX_SETS) return this.of({ ...values, ...open })
    const key = keyOf({ ...values, ...open })
    const closed = Object.fromEntries(Object.entries(open).map(([name, value]) => [name, value && OTHER]))
    return this.#sets.get(key) ?? this.of({ ...values, ...closed })
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
    const key = keyOf(values)
    const known = this.#sets.get(key)
    if (known) return known
    const set: Attributes = {}
    for (const [name, value] of Object.entries(values)) if (value !== undefined) set[name] = value
    this.#sets.set(key, set)
    return set
  }
}

function keyOf(values: Values): string {
  let key = ''
  for (const name in values) key += `${name}\n${values[name] ?? '\r'}\n`
  return key
}
