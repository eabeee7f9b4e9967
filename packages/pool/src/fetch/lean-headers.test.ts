import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LeanHeaders } from './lean-headers.ts'

const RAW = { 'Content-Type': ' text/plain ', 'set-cookie': ['a=1', 'b=2'], vary: 'x', absent: undefined }

describe('LeanHeaders', () => {
  it('behaves like Headers for any sequence of operations', () => {
    const name = fc.constantFrom('a', 'B', 'b', 'set-cookie', 'Cookie', 'x-y', 'bad name', '')
    const value = fc.constantFrom('1', ' 2\t', 'ü', 'a, b', '', 'bad\nvalue', '€')
    const step = fc.oneof(
      fc.tuple(fc.constantFrom('set' as const, 'append' as const), name, value),
      fc.tuple(fc.constantFrom('delete' as const, 'get' as const, 'has' as const), name, fc.constant('')),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const [lean, genuine] = [new LeanHeaders(undefined), new Headers()]
        for (const [method, ...given] of steps) {
          expect(outcomeOf(lean, method, given)).toEqual(outcomeOf(genuine, method, given))
        }
        expect([...lean]).toEqual([...genuine])
        expect(lean.getSetCookie()).toEqual(genuine.getSetCookie())
      }),
    )
  })

  it('accepts a record, or alternating names and values', () => {
    const list = ['Content-Type', ' text/plain ', 'set-cookie', 'a=1', 'Set-Cookie', 'b=2', 'vary', 'x']
    const lines = [
      ['content-type', 'text/plain'],
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      ['vary', 'x'],
    ]
    expect([...new LeanHeaders(RAW)]).toEqual(lines)
    expect([...new LeanHeaders(list)]).toEqual(lines)
  })

  it('deletes all headers with a prefix', () => {
    const lean = new LeanHeaders({ 'X-Own-A': '1', 'x-own-b': '2', 'x-owner': '3', 'set-cookie': 'a=1' })
    lean.deleteAll('x-own-')
    expect([...lean.keys()]).toEqual(['set-cookie', 'x-owner'])
    lean.deleteAll('set-')
    expect([[...lean.keys()], lean.getSetCookie()]).toEqual([['x-owner'], []])
  })

  it('makes independent copies', () => {
    const lean = new LeanHeaders(RAW)
    const copy = lean.copy()
    expect([...copy]).toEqual([...lean])
    copy.set('vary', 'y')
    copy.append('set-cookie', 'c=3')
    expect([lean.get('vary'), lean.getSetCookie()]).toEqual(['x', ['a=1', 'b=2']])
    expect([copy.get('vary'), copy.getSetCookie()]).toEqual(['y', ['a=1', 'b=2', 'c=3']])
  })

  it('can be iterated in every way', () => {
    const [lean, genuine] = [new LeanHeaders({ b: '2', a: '1' }), new Headers({ b: '2', a: '1' })]
    for (const headers of [lean, genuine]) {
      expect([...headers.entries()]).toEqual([
        ['a', '1'],
        ['b', '2'],
      ])
      expect([...headers.keys()]).toEqual(['a', 'b'])
      expect([...headers.values()]).toEqual(['1', '2'])
      const told: unknown[] = []
      headers.forEach(function (this: unknown, ...each) {
        told.push(this, ...each)
      }, 'self')
      expect(told).toEqual(['self', '1', 'a', headers, 'self', '2', 'b', headers])
    }
  })

  it('looks like Headers when it is copied, tested with instanceof, or printed', () => {
    const lean = new LeanHeaders(RAW)
    const genuine = new Headers(lean)
    expect([...genuine]).toEqual([...lean])
    expect([...new Response(null, { headers: lean }).headers]).toEqual([...lean])
    expect([...new Request('http://localhost', { headers: lean }).headers]).toEqual([...lean])
    expect(lean).toBeInstanceOf(Headers)
    expect(Object.prototype.toString.call(lean)).toBe('[object Headers]')
    expect(inspect(lean)).toBe(inspect(genuine))
  })
})

/** The result of a call, or the class of its error, since messages differ. */
function outcomeOf(
  headers: Headers,
  method: 'set' | 'append' | 'delete' | 'get' | 'has',
  [name, value]: readonly [string, string],
): unknown {
  try {
    if (method !== 'set' && method !== 'append') return headers[method](name)
    headers[method](name, value)
    return undefined
  } catch (error) {
    return (error as object).constructor
  }
}
