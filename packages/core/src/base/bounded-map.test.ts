import { describe, expect, it } from 'vitest'
import { BoundedMap } from './bounded-map.ts'

describe('a bounded map', () => {
  it('drops its oldest entry for a new one, and none for a new value', () => {
    const map = new BoundedMap<string, number>(2)
    map.set('a', 1).set('b', 2).set('a', 3)
    expect([...map]).toEqual([
      ['a', 3],
      ['b', 2],
    ])
    map.set('c', 4)
    expect([...map.keys()]).toEqual(['b', 'c'])
  })
})
