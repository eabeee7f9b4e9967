import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CircuitBreaker,
  consecutive,
  countWindow,
  timeWindow,
  type BreakerSnapshot,
  type Permit,
  type TripRule,
} from '../src/index.ts'
import { TestClock } from './harness.ts'
import { Model, type ModelCall, type ModelOptions } from './model.ts'

const OPTIONS = { openForMs: 100, probes: 2, probeTimeoutMs: 70 }

/** Each trip rule of the package, and the same rule written as a function of all calls. */
const rules: Record<string, [TripRule, ModelOptions['trips']]> = {
  consecutive: [consecutive(3), (calls) => calls.length >= 3 && calls.slice(-3).every((call) => call.failed)],
  countWindow: [
    countWindow({ size: 5, failureRatio: 0.6, minimumCalls: 3 }),
    (calls) => {
      const last = calls.slice(-5)
      return last.length >= 3 && last.filter((call) => call.failed).length / last.length >= 0.6
    },
  ],
  timeWindow: [
    timeWindow({ durationMs: 50, failureRatio: 0.5, minimumCalls: 3, slowCallMs: 20, slowCallRatio: 0.7 }),
    (calls, now) => {
      const step = (time: number): number => Math.floor(time / 5)
      const last = calls.filter((call) => step(call.at) > step(now) - 10)
      const part = (those: typeof last): number => those.length / last.length
      return (
        last.length >= 3 &&
        (part(last.filter((call) => call.failed)) >= 0.5 ||
          part(last.filter((call) => call.durationMs >= 20)) >= 0.7)
      )
    },
  ],
}

/** An error that contains its verdict, for the judge. */
class Verdict extends Error {
  readonly requestedMs: number | undefined
  constructor(requestedMs?: number) {
    super('a verdict')
    this.requestedMs = requestedMs
  }
}

type Step =
  | { do: 'call' | 'check' | 'halfOpen' | 'isolate' | 'reset' | 'copy' | 'untilDue' }
  | { do: 'pass'; ms: number }
  | { do: 'failures'; times: number }
  | { do: 'succeed' | 'fail' | 'abort' | 'release' | 'answered' | 'dispose'; which: number }
  | { do: 'failFor'; which: number; requestedMs: number }

const which = fc.oneof({ weight: 3, arbitrary: fc.nat(1) }, { weight: 1, arbitrary: fc.nat(20) })
const ms = fc.oneof(fc.nat(30), fc.constantFrom(69, 70, 99, 100, 200, 400))
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('call' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('failures' as const), times: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 7, arbitrary: fc.record({ do: fc.constantFrom('fail' as const, 'succeed'), which }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('abort' as const, 'release', 'answered'), which }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('failFor' as const), which, requestedMs: fc.nat(500) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constantFrom('untilDue' as const, 'check', 'copy', 'halfOpen') }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('isolate' as const, 'reset') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('dispose' as const), which: fc.nat(1) }) },
)

/** The breaker and the model, side by side. */
class Run {
  readonly clock = new TestClock()
  readonly model: Model
  readonly events: string[] = []
  readonly #trip: TripRule
  #breaker: CircuitBreaker
  /** Newest first, so that small numbers mean recent calls. */
  #calls: [Permit, ModelCall][] = []
  #handles: [Disposable, () => void][] = []

  constructor(trip: TripRule, trips: ModelOptions['trips']) {
    this.#trip = trip
    this.#breaker = this.#make()
    this.model = new Model({ ...OPTIONS, trips }, this.clock.time)
  }

  take(step: Step): void {
    const breaker = this.#breaker
    switch (step.do) {
      case 'call': {
        const admits = this.model.admits()
        if (!admits) {
          expect(() => breaker.acquire()).toThrow('not called')
          return
        }
        this.#calls.unshift([breaker.acquire(), this.model.begin()])
        return
      }
      case 'check': {
        if (this.model.admits()) breaker.check()
        else expect(() => breaker.check()).toThrow('not called')
        return
      }
      case 'pass':
      case 'untilDue': {
        const passed = step.do === 'pass' ? step.ms : this.model.retryAfterMs
        this.clock.pass(passed)
        this.model.pass(passed)
        return
      }
      case 'failures': {
        for (let made = 0; made < step.times && this.model.admits(); made++) {
          this.take({ do: 'call' })
          this.take({ do: 'fail', which: 0 })
        }
        return
      }
      case 'halfOpen':
      case 'reset': {
        breaker[step.do]()
        this.model[step.do]()
        return
      }
      case 'isolate': {
        this.#handles.unshift([breaker.isolate(), this.model.isolate()])
        return
      }
      case 'copy': {
        this.#breaker = this.#make(JSON.parse(JSON.stringify(breaker.snapshot())) as BreakerSnapshot)
        this.model.copy()
        this.#calls = []
        this.#handles = []
        return
      }
      case 'dispose': {
        const [handle, dispose] = this.#handles[step.which] ?? []
        handle?.[Symbol.dispose]()
        dispose?.()
        return
      }
    }
    const [permit, call] = this.#calls[step.which] ?? []
    if (!permit || !call) return
    switch (step.do) {
      case 'succeed': {
        permit.succeed()
        this.model.end(call, 'success')
        return
      }
      case 'fail': {
        permit.fail(new Verdict())
        this.model.end(call, 'failure')
        return
      }
      case 'failFor': {
        permit.fail(new Verdict(step.requestedMs))
        this.model.end(call, 'failure', step.requestedMs)
        return
      }
      case 'abort': {
        permit.fail(new DOMException('gone', 'AbortError'))
        this.model.end(call, 'ignore')
        return
      }
      case 'release': {
        permit.release()
        this.model.end(call, 'ignore')
        return
      }
      case 'answered': {
        permit.answered()
        this.model.answer(call)
        return
      }
    }
  }

  compare(): void {
    const { state, retryAfterMs, events } = this.model
    expect({
      state: this.#breaker.state,
      retryAfterMs: this.#breaker.retryAfterMs,
      events: this.events,
    }).toEqual({
      state,
      retryAfterMs,
      events,
    })
  }

  #make(restore?: BreakerSnapshot): CircuitBreaker {
    const breaker = new CircuitBreaker({
      ...OPTIONS,
      trip: this.#trip,
      clock: this.clock,
      judge: ({ ok, ...outcome }) => {
        if (ok) return 'success'
        const { error } = outcome as { error?: unknown }
        return error instanceof Verdict ? { failure: true, openForMs: error.requestedMs } : 'ignore'
      },
      restore,
    })
    for (const type of ['open', 'half-open', 'close'] as const) breaker.on(type, () => this.events.push(type))
    return breaker
  }
}

describe('the state machine', () => {
  it.each(Object.entries(rules))(
    'behaves like the model for any sequence of steps, with %s',
    (_, [trip, trips]) => {
      const reached = new Map<string, number>()
      fc.assert(
        fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
          const run = new Run(trip, trips)
          for (const next of steps) {
            run.take(next)
            run.compare()
          }
          for (const event of run.events) reached.set(event, (reached.get(event) ?? 0) + 1)
        }),
        { numRuns: 400 },
      )
      // The property means little if the states are rarely reached.
      for (const event of ['open', 'half-open', 'close']) expect(reached.get(event)).toBeGreaterThan(100)
    },
  )
})
