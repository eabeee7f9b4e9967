import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LinkedList, type Listed } from './linked-list.ts'

interface Entry extends Listed<Entry> {
  readonly name: number
}

const entry = (name: number): Entry => ({ name, previous: undefined, next: undefined })

describe('LinkedList', () => {
  it('has the members that were added and not removed, in any order, and removed members have no links', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { maxLength: 60 }), (steps) => {
        const list = new LinkedList<Entry>()
        const entries = Array.from({ length: 10 }, (_, name) => entry(name))
        const expected = new Set<number>()
        for (const name of steps) {
          const each = entries[name] as Entry
          if (expected.delete(name)) list.remove(each)
          else {
            list.remove(each) // is not there, and changes nothing
            list.add(each)
            expected.add(name)
          }
          expect(new Set(list.all().map((member) => member.name))).toEqual(expected)
          expect(list.isEmpty).toBe(expected.size === 0)
        }
        const left = entries.filter((each) => !expected.has(each.name))
        for (const { previous, next } of left) expect([previous, next]).toEqual([undefined, undefined])
      }),
    )
  })
})
