import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Queue, type Place } from './queue.ts'

describe('Queue', () => {
  it('keeps the order of arrival when items leave anywhere', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(), { freq: 2 }), { maxLength: 60 }), (steps) => {
        const queue = new Queue<number>()
        const all: Place<number>[] = []
        const expected: number[] = []
        for (const [turn, step] of steps.entries()) {
          if (step === null) {
            all.push(queue.enter(turn))
            expected.push(turn)
          } else if (all.length > 0) {
            const place = all[step % all.length] as Place<number>
            const at = expected.indexOf(place.item)
            expect(place.isTaken).toBe(at >= 0)
            expect(queue.leave(place)).toBe(at >= 0)
            if (at >= 0) expected.splice(at, 1)
          }
          expect([queue.size, queue.first]).toEqual([expected.length, expected[0]])
        }
        const left: number[] = []
        for (let place = all.find((each) => each.isTaken); place; place = place.next) left.push(place.item)
        expect(left).toEqual(expected)
      }),
      { numRuns: 300, seed: 7 },
    )
  })

  it('retains no item that has left', () => {
    const queue = new Queue<string>()
    const [first, second] = [queue.enter('first'), queue.enter('second')]
    queue.leave(first)
    queue.leave(second)
    expect([first.next, first.previous, second.next, second.previous]).toEqual(Array(4).fill(undefined))
  })
})
