import { describe, expect, it } from 'vitest'
import { Cooldowns } from './cooldowns.ts'

/** The cooldowns of a fleet: what was started here, and what other processes have started. */
function fleetWith(elsewhere: Readonly<Record<string, number>> = {}): {
  readonly started: [key: string, ms: number][]
  readonly cooldowns: Cooldowns
} {
  const started: [string, number][] = []
  const cooldowns = new Cooldowns({
    isEmpty: Object.keys(elsewhere).length === 0,
    start: (key, ms) => started.push([key, ms]),
    remainingMs: (key) => elsewhere[key] ?? 0,
  })
  return { started, cooldowns }
}

describe('the cooldowns of a process in a fleet', () => {
  it('last until the later end, here or elsewhere', () => {
    const { cooldowns } = fleetWith({ both: 500, elsewhere: 200 })
    cooldowns.start('both', 100, 1_000)
    cooldowns.start('here', 300, 1_000)
    expect(['both', 'elsewhere', 'here', 'none'].map((key) => cooldowns.until(key, 1_050))).toEqual([
      1_550, 1_250, 1_300, 0,
    ])
    expect(cooldowns.until('both', 1_200)).toBe(1_700)
  })

  it('are ignored by a call without other targets if they were started elsewhere', () => {
    const { cooldowns } = fleetWith({ key: 500 })
    expect(cooldowns.until('key', 0, cooldowns.started)).toBe(0)
    expect(cooldowns.until('key', 0)).toBe(500)
  })

  it('are empty only if none lasts elsewhere', () => {
    expect(fleetWith().cooldowns.isEmpty).toBe(true)
    expect(fleetWith({ key: 1 }).cooldowns.isEmpty).toBe(false)
  })

  it('are shared for a day at most, and not if the cause is in this process', () => {
    const { started, cooldowns } = fleetWith()
    cooldowns.start('own', 100, 0)
    cooldowns.start('shared', Infinity, 0, true)
    expect(started).toEqual([['shared', 86_400_000]])
  })
})
