import fc from 'fast-check'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { RouteLogError } from './route-log-error.ts'
import { openRouteLog, readHistory, RouteHistory, type RouteRecord } from './route-log.ts'

const folder = mkdtempSync(join(tmpdir(), 'harbor-routes-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const newPath = (): string => join(folder, `${files++}.routes`)
const RUN: RouteRecord = { type: 'run', version: 1, startedAt: 1_000, deadlineAt: 5_000 }
const sent = (id: string, usd: number): RouteRecord => ({ type: 'sent', id, route: 'direct', usd })

describe('the log of a run by deadline', () => {
  it('returns what was written, without the step that was being written when the process died', () => {
    const path = newPath()
    const { log } = openRouteLog(path)
    log.append(RUN)
    log.append({ type: 'wave', wave: 1, endpoint: '/v1/chat/completions', model: 'm', ids: ['a', 'b'] })
    log.append(sent('c', 2))
    log.close()
    appendFileSync(path, '{"type":"settled","id":"c"')
    expect(readHistory(path)).toMatchObject({ startedAt: 1_000, deadlineAt: 5_000, spentUsd: 2 })
    const again = openRouteLog(path)
    again.log.append({ type: 'settled', id: 'c', usd: 1 })
    again.log.close()
    const history = readHistory(path)
    expect(history.spentUsd).toBe(1)
    expect(history.waves.map(({ ids }) => ids)).toEqual([['a', 'b']])
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(5)
  })

  it('refuses a file of another kind, and writes nothing after it is closed', () => {
    const path = newPath()
    writeFileSync(path, 'something else\n')
    expect(() => openRouteLog(path)).toThrow(RouteLogError)
    const other = newPath()
    const { log } = openRouteLog(other)
    log.close()
    log.append(RUN)
    log.close()
    expect(readFileSync(other, 'utf8')).toBe('')
  })

  it('counts what was settled at its cost, and what was in flight at its highest, so that nothing is counted too low', () => {
    const step = fc.record({
      id: fc.constantFrom('a', 'b', 'c'),
      usd: fc.integer({ min: 0, max: 9 }),
      kind: fc.constantFrom('sent', 'window', 'settled'),
    })
    let open = 0
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const history = new RouteHistory()
        const inFlight = new Map<string, number>()
        let settled = 0
        for (const { id, usd, kind } of steps) {
          if (kind === 'sent') {
            history.apply(sent(id, usd))
            inFlight.set(id, (inFlight.get(id) ?? 0) + usd)
          } else if (kind === 'window') {
            history.apply({ type: 'window', id, route: '2h', responseId: 'r', usd })
            inFlight.set(id, usd)
          } else {
            history.apply({ type: 'settled', id, usd })
            settled += usd
            inFlight.delete(id)
          }
        }
        const highest = [...inFlight.values()].reduce((sum, each) => sum + each, 0)
        if (highest > 0) open++
        expect(history.spentUsd).toBe(settled + highest)
      }),
    )
    expect(open).toBeGreaterThan(20)
  })
})
