import { expect, it } from 'vitest'
import { Turns } from './direct-calls.ts'

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

it('Turns starts the first call at once, and the others in order, one per turn of the event loop', async () => {
  const turns = new Turns()
  const begun: number[] = []
  for (let each = 0; each < 4; each++) {
    const turn = turns.take()
    if (turn) void turn.then(() => begun.push(each))
    else begun.push(each)
  }
  for (let turn = 0; turn < 4; turn++) {
    expect(begun).toEqual([0, 1, 2, 3].slice(0, turn + 1))
    await nextTurn()
  }
  await nextTurn()
  expect(turns.take()).toBeUndefined()
})
