import { vi } from 'vitest'

/**
 * From here on a millisecond is one turn of the event loop, for Harbor's clocks and the simulator's alike. So on a slow machine no
 * timeout runs out before the code it measures has had its turns.
 *
 * @returns a function that restores real time, for `beforeEach` and `onTestFinished`
 */
export function timeInTurns(): () => void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  const turns = setInterval(() => {
    vi.advanceTimersByTime(1)
  }, 1)
  return () => {
    clearInterval(turns)
    vi.useRealTimers()
  }
}
