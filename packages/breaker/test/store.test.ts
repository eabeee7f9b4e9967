import { describe, expect, it } from 'vitest'
import {
  BreakerOpenError,
  CircuitBreaker,
  createBreakerRegistry,
  type BreakerEvent,
  type BreakerOptions,
  type BreakerStore,
  type SharedCircuit,
  type StoreLink,
} from '../src/index.ts'
import { breakerWith, down, fail, succeed, thrownBy, type TestClock } from './harness.ts'

/** A store that records what a circuit reports, and lets it probe when the test says so. */
class FakeStore implements BreakerStore {
  readonly names: string[] = []
  readonly reports: unknown[] = []
  uses = 0
  /** The wait of the circuit before a probe. */
  waitMs = 0
  circuit: SharedCircuit | undefined

  attach(name: string, circuit: SharedCircuit): StoreLink {
    this.names.push(name)
    this.circuit = circuit
    return {
      used: () => {
        this.uses++
      },
      opened: (opening) => void this.reports.push(opening),
      closed: (isRecovered) => void this.reports.push({ isRecovered }),
      probeWaitMs: (isEarly) => {
        if (this.waitMs > 0) this.reports.push({ isEarly })
        return this.waitMs
      },
    }
  }

  get fleet(): SharedCircuit {
    if (!this.circuit) throw new Error('no breaker has attached itself')
    return this.circuit
  }

  /** Returns the reports since the last call. */
  take(): unknown[] {
    return this.reports.splice(0)
  }
}

function shared(options: BreakerOptions = {}): {
  store: FakeStore
  breaker: CircuitBreaker
  clock: TestClock
  events: BreakerEvent[]
} {
  const store = new FakeStore()
  const { breaker, clock } = breakerWith({ store, name: 'gpt-5', ...options })
  const events: BreakerEvent[] = []
  for (const type of ['open', 'half-open', 'close'] as const) breaker.on(type, (event) => events.push(event))
  return { store, breaker, clock, events }
}

describe('a breaker with a store', () => {
  it('reports each call that it lets through, and its opening with the time and the reason', () => {
    const { store, breaker } = shared({ openForMs: 500 })
    succeed(breaker, 2)
    fail(breaker)
    expect(thrownBy(() => breaker.acquire())).toBeInstanceOf(BreakerOpenError)
    expect(store.uses).toBe(3)
    expect(store.take()).toEqual([{ forMs: 500, consecutiveOpens: 1, isOfAccount: false }])
  })

  it.each([
    [{ status: 429 }, true],
    [{ status: 401 }, true],
    [{ status: 402 }, true],
    [{ status: 503 }, false],
    [{ status: 403 }, false],
    ['text', false],
    [null, false],
  ])('says of an opening after %j whether it is about the account: %s', (error, isOfAccount) => {
    const { store, breaker } = shared()
    fail(breaker, 1, error)
    expect(store.take()).toMatchObject([{ isOfAccount }])
  })

  it('lets the judge decide whether an opening is about the account', () => {
    const { store, breaker } = shared({
      judge: ({ ok }) => (ok ? 'success' : { failure: true, isOfAccount: true }),
    })
    fail(breaker)
    expect(store.take()).toMatchObject([{ isOfAccount: true }])
  })

  it('probes by itself after an opening that the store has not followed, and reports how the probe ends', () => {
    const { store, breaker, clock } = shared()
    fail(breaker)
    clock.pass(1_000)
    fail(breaker)
    clock.pass(2_000)
    expect(breaker.state).toBe('half-open')
    succeed(breaker)
    expect(breaker.state).toBe('closed')
    expect(store.take()).toMatchObject([
      { forMs: 1_000, consecutiveOpens: 1 },
      { forMs: 2_000, consecutiveOpens: 2 },
      { isRecovered: true },
    ])
  })

  it('refuses calls while the store has opened it, and says so in the event', () => {
    const { store, breaker, clock, events } = shared()
    store.fleet.open(700, 2)
    expect(breaker.retryAfterMs).toBe(700)
    expect(() => breaker.check()).toThrow(BreakerOpenError)
    clock.pass(300)
    store.fleet.open(5_000, 3)
    expect(breaker.retryAfterMs).toBe(5_000)
    expect(events).toMatchObject([{ type: 'open', retryAfterMs: 700, byStore: true }])
    expect(store.take()).toEqual([])
  })

  it('stays open after its time until the store lets it probe', () => {
    const { store, breaker, clock, events } = shared()
    store.fleet.open(700, 1)
    store.waitMs = 100
    clock.pass(700)
    expect(breaker.state).toBe('open')
    expect(store.take()).toEqual([{ isEarly: false }])
    clock.pass(99)
    expect(() => breaker.check()).toThrow(BreakerOpenError)
    expect(store.take()).toEqual([])
    clock.pass(1)
    expect(breaker.state).toBe('open')
    expect(store.take()).toEqual([{ isEarly: false }])
    store.fleet.halfOpen()
    store.waitMs = 0
    const probe = breaker.acquire()
    expect(store.fleet.isProbing()).toBe(true)
    expect(() => breaker.acquire()).toThrow(BreakerOpenError)
    probe.succeed()
    expect(store.take()).toEqual([{ isRecovered: true }])
    expect(events.map(({ type, byStore }) => [type, byStore])).toEqual([
      ['open', true],
      ['half-open', true],
      ['close', undefined],
    ])
  })

  it('doubles the open time from the number of openings that the store reports', () => {
    const { store, breaker } = shared()
    store.fleet.open(700, 3)
    store.fleet.halfOpen()
    fail(breaker)
    expect(store.take()).toMatchObject([{ forMs: 8_000, consecutiveOpens: 4 }])
    expect(breaker.retryAfterMs).toBe(8_000)
  })

  it('goes on without the store when it has nothing to wait for', () => {
    const { store, breaker, clock } = shared()
    store.fleet.open(700, 1)
    clock.pass(700)
    expect(breaker.state).toBe('half-open')
    succeed(breaker)
    expect(breaker.state).toBe('closed')
  })

  it('opens again when another process probes by now', () => {
    const { store, breaker, clock } = shared()
    store.fleet.open(700, 1)
    store.fleet.halfOpen()
    store.waitMs = 250
    expect(thrownBy(() => breaker.acquire())).toMatchObject({ state: 'open', retryAfterMs: 250 })
    store.waitMs = 0
    clock.pass(250)
    succeed(breaker)
    expect(breaker.state).toBe('closed')
  })

  it('closes with its store, with new counts, and counts no call of before', () => {
    const { store, breaker, events } = shared()
    const before = breaker.acquire()
    store.fleet.open(700, 1)
    store.fleet.close()
    before.fail(down)
    expect(breaker.state).toBe('closed')
    expect(breaker.counts().calls).toBe(0)
    expect(events.map(({ type, byStore }) => [type, byStore])).toEqual([
      ['open', true],
      ['close', true],
    ])
    expect(store.take()).toEqual([])
  })

  it('closes with its store while its own probe is in flight', () => {
    const { store, breaker } = shared()
    store.fleet.open(700, 1)
    store.fleet.halfOpen()
    const probe = breaker.acquire()
    store.fleet.close()
    probe.fail(down)
    expect(breaker.state).toBe('closed')
    expect(store.fleet.isProbing()).toBe(false)
  })

  it('is not changed by the store while it is isolated', () => {
    const { store, breaker } = shared()
    const handle = breaker.isolate()
    store.fleet.open(700, 1)
    store.fleet.halfOpen()
    store.fleet.close()
    expect(breaker.state).toBe('isolated')
    handle[Symbol.dispose]()
    expect(store.take()).toEqual([{ isRecovered: false }])
  })

  it('asks the store for an early probe after a successful health check', () => {
    const { store, breaker } = shared()
    store.fleet.open(700, 1)
    store.waitMs = 100
    breaker.halfOpen()
    expect(breaker.state).toBe('open')
    expect(breaker.retryAfterMs).toBe(700)
    expect(store.take()).toEqual([{ isEarly: true }])
    store.waitMs = 0
    breaker.halfOpen()
    expect(breaker.state).toBe('half-open')
  })

  it('no longer probes when the probe has timed out', () => {
    const { store, breaker, clock } = shared({ probeTimeoutMs: 50 })
    store.fleet.open(700, 1)
    store.fleet.halfOpen()
    breaker.acquire()
    clock.pass(50)
    expect(store.fleet.isProbing()).toBe(false)
    expect(store.take()).toMatchObject([{ forMs: 2_000, consecutiveOpens: 2, isOfAccount: false }])
  })

  it('needs a name', () => {
    const store = new FakeStore()
    expect(() => new CircuitBreaker({ store })).toThrow(new TypeError('name must be a string, got undefined'))
    expect(() => new CircuitBreaker({ store: {} as never, name: 'gpt-5' })).toThrow(/store must be a store/)
    expect(store.names).toEqual([])
  })
})

describe('a registry with a store', () => {
  it('attaches each breaker under its key, or the name in its options', () => {
    const store = new FakeStore()
    createBreakerRegistry({ store }).get('one')
    createBreakerRegistry((key) => ({ store, name: key === 'two' ? 'second' : undefined })).get('two')
    createBreakerRegistry(() => ({ store, name: undefined })).get('three')
    expect(store.names).toEqual(['one', 'second', 'three'])
  })
})
