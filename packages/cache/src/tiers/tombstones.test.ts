import { describe, expect, it } from 'vitest'
import { Tombstones } from './tombstones.ts'

const MAX_NAMES = 10_000

describe('the times of deleted entries', () => {
  it('cover entries whose load began before the deletion, and no later ones', () => {
    const tombstones = new Tombstones()
    tombstones.add('a', 100)
    expect(tombstones.covers('a', 100)).toBe(true)
    expect(tombstones.covers('a', 101)).toBe(false)
    expect(tombstones.covers('b', 100)).toBe(false)
  })

  it('still cover each entry when one time replaces them all, whatever the last one is', () => {
    const tombstones = new Tombstones()
    tombstones.add('deleted last', 9_000)
    for (let name = 0; name < MAX_NAMES; name++) tombstones.add(`name ${name}`, 1_000)
    expect(tombstones.size).toBe(0)
    // An entry that began to load before its deletion must not come back.
    expect(tombstones.covers('deleted last', 9_000)).toBe(true)
    expect(tombstones.covers('deleted last', 9_001)).toBe(false)
  })
})
