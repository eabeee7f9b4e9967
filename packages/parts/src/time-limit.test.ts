import { readFile } from 'node:fs/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { timeLimit } from './time-limit.ts'

function blockFor(ms: number): void {
  const endsAt = performance.now() + ms
  while (performance.now() < endsAt);
}

describe('a time limit', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it('is over after its time, unless the work has ended', async () => {
    vi.useFakeTimers()
    const onLate = vi.fn()
    const isInTime = timeLimit(50, onLate)
    const other = timeLimit(50, onLate)
    await vi.advanceTimersByTimeAsync(49)
    expect(other()).toBe(true)
    expect(onLate).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(onLate).toHaveBeenCalledOnce()
    expect(isInTime()).toBe(false)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is not over while this process was too busy to see the answer', async () => {
    const onLate = vi.fn()
    const isInTime = timeLimit(50, onLate)
    const answer = readFile(import.meta.filename)
    blockFor(200)
    await answer
    expect(isInTime()).toBe(true)
    expect(onLate).not.toHaveBeenCalled()
  })

  it('is over in the end, however busy this process is', async () => {
    const onLate = vi.fn()
    timeLimit(5, onLate)
    await vi.waitFor(
      () => {
        blockFor(20)
        expect(onLate).toHaveBeenCalledOnce()
      },
      { timeout: 100_000 },
    )
  })
})
