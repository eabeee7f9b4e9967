import type { SharedCircuit } from '@harbor/breaker'
import { describe, expect, it } from 'vitest'
import type { TargetState } from './board-wire.ts'
import { CircuitLink, type BoardOfCircuit } from './circuit-link.ts'
import { CircuitLinks } from './circuit-links.ts'

/** A board whose time stands still, and whose Redis answers. */
const BOARD: BoardOfCircuit = {
  now: () => 1_000,
  isDown: false,
  answeredAt: 1_000,
  join: () => undefined,
  urge: () => undefined,
  askToProbe: () => undefined,
}

/** A circuit that remembers what its store has done. */
function linkWith(digest: string): { readonly link: CircuitLink; readonly done: string[] } {
  const done: string[] = []
  const circuit: SharedCircuit = {
    open: (forMs) => done.push(`open ${forMs}`),
    close: () => done.push('close'),
    halfOpen: () => done.push('half-open'),
    isProbing: () => false,
  }
  return { link: new CircuitLink(BOARD, digest, circuit), done }
}

const opening = (digest: string, generation = 1): TargetState => ({
  digest,
  isOpen: true,
  generation,
  remainingMs: 500,
  consecutiveOpens: 1,
  leaseMs: 0,
})

describe('the circuits that follow a fleet', () => {
  it('are opened when they are added, if the fleet has opened them before', () => {
    const links = new CircuitLinks()
    links.apply([opening('a')], 1_000, 1_000)
    const { link, done } = linkWith('a')
    links.add(link, 1_200)
    expect(done).toEqual(['open 300'])
    links.apply([{ ...opening('a'), isOpen: false }], 1_300, 1_300)
    expect(done).toEqual(['open 300', 'close'])
  })

  it('are the latest of each name, and at most 1,000, of which the least used makes room', () => {
    const links = new CircuitLinks()
    const all = Array.from({ length: 1_000 }, (_, index) => linkWith(`${index}`))
    for (const { link } of all) links.add(link, 1_000)
    all[0]?.link.used()
    links.take(1_000)
    const same = linkWith('2')
    links.add(same.link, 1_000)
    links.add(linkWith('new').link, 1_000)
    links.apply([opening('0'), opening('1'), opening('2')], 1_000, 1_000)
    expect([0, 1, 2].map((index) => all[index]?.done)).toEqual([['open 500'], [], []])
    expect(same.done).toEqual(['open 500'])
  })

  it('are reported 100 at a time, each in its turn, however often some of them are used', () => {
    const links = new CircuitLinks()
    const all = Array.from({ length: 250 }, (_, index) => linkWith(`${index}`).link)
    for (const link of all) links.add(link, 1_000)
    const reported = new Set<string>()
    for (let round = 0; round < 3; round++) {
      for (const link of all) link.used()
      const taken = links.take(1_000)
      expect(taken.size).toBe(100)
      for (const { digest } of taken.values()) reported.add(digest)
    }
    expect(reported.size).toBe(250)
  })

  it('are not changed by a state that is older than what they are about to report', () => {
    const links = new CircuitLinks()
    const { link, done } = linkWith('a')
    links.add(link, 1_000)
    links.apply([opening('a')], 1_000, 1_000)
    link.closed(true)
    links.apply([opening('a', 2)], 1_000, 1_000)
    expect(done).toEqual(['open 500'])
    expect([...links.take(1_000).values()]).toMatchObject([{ event: 'close', generation: 1 }])
  })

  it('ignore an opening that reset() has ended, but not the next one', () => {
    const links = new CircuitLinks()
    const { link, done } = linkWith('a')
    links.add(link, 1_000)
    links.apply([opening('a')], 1_000, 1_000)
    link.closed(false)
    expect([...links.take(1_000).values()]).toMatchObject([{ event: 'withdraw' }])
    links.apply([opening('a')], 1_000, 1_000)
    expect(done).toEqual(['open 500'])
    links.apply([opening('a', 2)], 1_000, 1_000)
    expect(done).toEqual(['open 500', 'open 500'])
  })
})
