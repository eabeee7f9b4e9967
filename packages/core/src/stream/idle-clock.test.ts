import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { TimeoutError } from '../base/errors.ts'
import { IdleClock } from './idle-clock.ts'

function idleClock(limitMs: number) {
  const errors: TimeoutError[] = []
  const clock = { now: () => performance.now() }
  const idle = new IdleClock(clock, 'idle', limitMs, (error) => {
    errors.push(error)
    return false
  })
  return { idle, errors }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('IdleClock', () => {
  it('fires once, when a reader has waited for the whole limit', () => {
    const { idle, errors } = idleClock(100)
    idle.waiting()
    vi.advanceTimersByTime(99)
    expect(errors).toEqual([])
    vi.advanceTimersByTime(1)
    expect(errors).toHaveLength(1)
    expect(errors[0]).toSatisfy(TimeoutError.is)
    expect(errors[0]).toMatchObject({ clock: 'idle', limitMs: 100 })
    vi.advanceTimersByTime(1_000)
    expect(errors).toHaveLength(1)
  })

  it('does not run while no read is pending', () => {
    const { idle, errors } = idleClock(100)
    idle.waiting()
    vi.advanceTimersByTime(60)
    idle.done()
    vi.advanceTimersByTime(10_000)
    expect(errors).toEqual([])
  })

  it('adds up the waits between two contents', () => {
    const { idle, errors } = idleClock(100)
    for (let reads = 0; reads < 3; reads++) {
      idle.waiting()
      vi.advanceTimersByTime(33)
      idle.done()
      vi.advanceTimersByTime(500)
    }
    idle.waiting()
    expect(errors).toEqual([])
    vi.advanceTimersByTime(1)
    expect(errors).toHaveLength(1)
  })

  it('forgives the waits when content comes, between reads and during one', () => {
    const { idle, errors } = idleClock(100)
    for (let reads = 0; reads < 5; reads++) {
      idle.waiting()
      vi.advanceTimersByTime(90)
      idle.done()
      idle.content()
    }
    idle.waiting()
    vi.advanceTimersByTime(90)
    idle.content()
    vi.advanceTimersByTime(99)
    expect(errors).toEqual([])
    vi.advanceTimersByTime(1)
    expect(errors).toHaveLength(1)
  })

  it('serves many reads with one timer', () => {
    const { idle } = idleClock(100)
    for (let reads = 0; reads < 1_000; reads++) {
      idle.waiting()
      idle.content()
      idle.done()
    }
    expect(vi.getTimerCount()).toBe(1)
    idle.stop()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('begins from zero, under another name, when it is restarted', () => {
    const { idle, errors } = idleClock(100)
    idle.waiting()
    vi.advanceTimersByTime(90)
    idle.done()
    idle.restart('first-token', 50)
    expect(vi.getTimerCount()).toBe(0)
    idle.waiting()
    vi.advanceTimersByTime(49)
    expect(errors).toEqual([])
    vi.advanceTimersByTime(1)
    expect(errors).toMatchObject([{ clock: 'first-token', limitMs: 50 }])
  })

  it('gives a reader another moment when the timer fires late, and fires if nothing comes', () => {
    const { idle, errors } = idleClock(100)
    idle.waiting()
    const late = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 5_000)
    vi.advanceTimersByTime(100)
    expect(errors).toEqual([])
    late.mockRestore()
    vi.advanceTimersByTime(200)
    expect(errors).toHaveLength(1)
  })

  it('never fires without a limit, and holds no timer for it', () => {
    const { idle, errors } = idleClock(Infinity)
    idle.waiting()
    expect(vi.getTimerCount()).toBe(0)
    vi.advanceTimersByTime(2 ** 31)
    expect(errors).toEqual([])
  })

  it('outlasts the longest timer there is', () => {
    const { idle, errors } = idleClock(2 ** 31 + 1_000)
    idle.waiting()
    vi.advanceTimersByTime(2 ** 31 - 1)
    expect(errors).toEqual([])
    vi.advanceTimersByTime(1_001)
    expect(errors).toHaveLength(1)
  })
})
