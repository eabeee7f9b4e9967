import type { Clock } from '../clock.ts'

/** A clock that never runs backwards: whenever the one it reads from is set back, it goes on from where it was. */
export function steadyClock(clock: Clock): Clock {
  let latest = -Infinity
  let ahead = 0
  const now = (): number => {
    const read = clock.now()
    if (read + ahead < latest) ahead = latest - read
    return (latest = read + ahead)
  }
  if (!clock.sleep) return { now }
  return { now, sleep: async (ms, signal) => clock.sleep?.(ms, signal) }
}
