import type { Fault, SimpleFault } from './fault.ts'
import { hashText, seededRandom } from '../random.ts'
import type { Operation, RequestOperation } from '../route.ts'
import type { Range } from './range.ts'
import type { Condition, ProviderScript, Rule } from './script.ts'
import { isIn } from './time-window.ts'

/** What is known about a call, for the conditions of rules. */
export interface CallFacts {
  call: number
  elapsedMs: number
  /** The request; undefined until it has been read. */
  request?: RequestFacts | undefined
}

export interface RequestFacts {
  operation: Operation
  method: string
  path: string
  stream: boolean
  model: string | undefined
  /** The service tier that the request names. */
  tier?: unknown
  body: unknown
}

/** Chooses the fault of a call: the next one queued by `fail()`, or else that of the first matching rule. */
export class FaultPicker {
  #rules: readonly Rule[]
  readonly #seed: number
  readonly #queue: (SimpleFault | 'ok')[] = []
  /** How often each rule has been used. For a sequence, this is the index of its next fault. */
  readonly #used = new Map<Rule, number>()

  constructor(script: ProviderScript, seed: number) {
    this.#rules = script.rules ?? []
    this.#seed = seed
  }

  /** Replaces the script. Queued faults stay queued. */
  script(script: ProviderScript): void {
    this.#rules = script.rules ?? []
    this.#used.clear()
  }

  /** Clears the queue and restarts the sequences. */
  reset(): void {
    this.#queue.length = 0
    this.#used.clear()
  }

  queue(faults: readonly (Fault | 'ok')[]): void {
    for (const fault of faults) {
      if (fault !== 'ok' && fault.type === 'sequence') this.#queue.push(...fault.faults)
      else this.#queue.push(fault)
    }
  }

  /**
   * Returns the faults that no call got: queued ones, those of rules that matched no call, and the remaining faults of
   * sequences.
   */
  unused(): SimpleFault[] {
    const ofRules = this.#rules.flatMap((rule) => {
      const { fault } = rule
      const used = this.#used.get(rule) ?? 0
      if (fault !== 'ok' && fault.type === 'sequence') return fault.faults.slice(used)
      return used === 0 ? [fault] : []
    })
    return [...this.#queue, ...ofRules].filter((fault) => fault !== 'ok')
  }

  /** Returns the fault for a call whose request has been read, and marks it as used. */
  take(facts: CallFacts & { request: object }): SimpleFault | undefined {
    if (this.#queue.length > 0) return unlessOk(this.#queue.shift())
    const rule = this.#match(facts)
    if (rule === undefined) return undefined
    const fault = this.#current(rule)
    this.#advance(rule)
    return fault
  }

  /**
   * Returns the fault for a new connection, on which no request was read yet. Undefined if there is no fault, or if the
   * request is needed to choose or to perform it.
   */
  takeAtConnection(facts: CallFacts): SimpleFault | undefined {
    const rule = this.#queue.length > 0 ? undefined : this.#match(facts)
    const fault = rule ? this.#current(rule) : unlessOk(this.#queue[0])
    if (fault === undefined || !isForConnection(fault)) return undefined
    if (rule) this.#advance(rule)
    else this.#queue.shift()
    return fault
  }

  #match(facts: CallFacts): Rule | undefined {
    for (const [index, rule] of this.#rules.entries()) {
      const { when } = rule
      if (when === undefined) return rule
      // Without the request, it is unknown whether this rule matches.
      if (facts.request === undefined && needsRequest(when)) return undefined
      if (matches(when, facts, () => this.#chance(index, facts.call))) return rule
    }
    return undefined
  }

  #current(rule: Rule): SimpleFault | undefined {
    const { fault } = rule
    if (fault === 'ok' || fault.type !== 'sequence') return unlessOk(fault)
    return unlessOk(fault.faults[this.#used.get(rule) ?? 0])
  }

  #advance(rule: Rule): void {
    this.#used.set(rule, (this.#used.get(rule) ?? 0) + 1)
  }

  /**
   * Returns a pseudo-random number in [0, 1). It depends only on the seed, the rule and the number of the call, not on
   * the numbers drawn before.
   */
  #chance(rule: number, call: number): number {
    return seededRandom(hashText(`${rule} ${call}`, this.#seed))()
  }
}

function unlessOk(fault: SimpleFault | 'ok' | undefined): SimpleFault | undefined {
  return fault === 'ok' ? undefined : fault
}

/** Whether a fault happens before a request is read. */
function isForConnection(fault: SimpleFault): boolean {
  return fault.type === 'refuse' || (fault.type === 'reset' && fault.when === 'connect')
}

function needsRequest(when: Condition): boolean {
  const { operation, stream, model, tier, says, method, path } = when
  return [operation, stream, model, tier, says, method, path].some((wanted) => wanted !== undefined)
}

function matches(when: Condition, { call, elapsedMs, request }: CallFacts, chance: () => number): boolean {
  return (
    (when.call === undefined || matchesPosition(when.call, call)) &&
    (when.every === undefined || call % when.every === 0) &&
    (when.windowMs === undefined || isIn(when.windowMs, elapsedMs)) &&
    (when.operation === undefined || matchesOperation(when.operation, request?.operation)) &&
    (when.stream === undefined || when.stream === request?.stream) &&
    (when.model === undefined || when.model === request?.model) &&
    (when.tier === undefined || when.tier === request?.tier) &&
    (when.says === undefined || textOf(request?.body).includes(when.says)) &&
    (when.method === undefined || when.method === request?.method) &&
    (when.path === undefined || request?.path.includes(when.path) === true) &&
    (when.probability === undefined || chance() < when.probability)
  )
}

/** Returns the JSON body of a request as text; empty if there is none. */
function textOf(body: unknown): string {
  return body === undefined ? '' : JSON.stringify(body)
}

/** Whether the number of a call, counted from 1, is among the wanted numbers. */
export function matchesPosition(wanted: number | readonly number[] | Range, call: number): boolean {
  if (typeof wanted === 'number') return call === wanted
  if (!isRange(wanted)) return wanted.includes(call)
  return call >= (wanted.from ?? 1) && call <= (wanted.to ?? Infinity)
}

function isRange(wanted: readonly number[] | Range): wanted is Range {
  return !Array.isArray(wanted)
}

function matchesOperation(
  wanted: RequestOperation | readonly RequestOperation[],
  operation: Operation | undefined,
): boolean {
  return typeof wanted === 'string' ? wanted === operation : wanted.some((one) => one === operation)
}
