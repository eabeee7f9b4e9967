import { vi } from 'vitest'

/**
 * From here on a millisecond is a turn of the event loop, for the clocks of Harbor and of the simulator alike. So a machine that
 * is slow, or stands still for a while, makes no clock run out before those who are being timed have had their turns.
 *
 * @returns what gives the real time back, for `beforeEach` and `onTestFinished`
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
