import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SseSplitter } from './sse-splitter.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (chunks: readonly Uint8Array[]): string => Buffer.concat(chunks).toString()

/** Splits a text that arrives in the given pieces. */
function split(pieces: readonly Uint8Array[]): {
  data: (string | undefined)[]
  names: (string | undefined)[]
  out: string
} {
  const splitter = new SseSplitter()
  const parts = pieces.map((piece) => splitter.push(piece))
  const events = parts.flatMap((part) => part.events)
  return {
    data: events.map((event) => event.data).filter((data) => data !== undefined),
    names: events.map((event) => event.name),
    out: text(parts.map((part) => part.bytes)),
  }
}

describe('SseSplitter', () => {
  it('gives the same events and the same bytes however the network cuts the stream', () => {
    const line = fc.constantFrom(
      'data: {"a":"ü€😀"}',
      'data:x',
      'data',
      ': ping',
      'event: named',
      'id: 7',
      'retry: 1',
      'data: ',
    )
    const event = fc.array(line, { minLength: 1, maxLength: 4 })
    const stream = fc.tuple(
      fc.array(event, { minLength: 1, maxLength: 6 }),
      fc.constantFrom('\n', '\r\n', '\r'),
    )
    fc.assert(
      fc.property(stream, fc.array(fc.nat(300), { maxLength: 12 }), ([events, end], cuts) => {
        const whole = bytes(events.map((lines) => lines.join(end) + end + end).join(''))
        const at = [...new Set(cuts.map((cut) => cut % whole.length))].sort((a, b) => a - b)
        const pieces = [0, ...at].map((from, index) => whole.subarray(from, at[index] ?? whole.length))
        const cut = split(pieces)
        const uncut = split([whole])
        expect(cut.data).toEqual(uncut.data)
        expect(cut.names.filter(Boolean)).toEqual(uncut.names.filter(Boolean))
        expect(cut.out).toBe(uncut.out)
      }),
    )
  })

  it('keeps an unfinished event back', () => {
    const splitter = new SseSplitter()
    expect(splitter.push(bytes('data: 1\n\ndata: 2')).events.map((event) => event.data)).toEqual(['1'])
    expect(splitter.pendingBytes).toBe('data: 2'.length)
    expect(splitter.push(bytes('3\n')).events).toEqual([])
    expect(splitter.push(bytes('\n')).events.map((event) => event.data)).toEqual(['23'])
    expect(splitter.pendingBytes).toBe(0)
  })

  it('joins several data lines and reads the name', () => {
    expect(split([bytes('event: error\ndata: a\ndata:b\n\n')])).toMatchObject({
      data: ['a\nb'],
      names: ['error'],
    })
  })

  it('says where each event ends', () => {
    const { events } = new SseSplitter().push(bytes('data: 1\n\n: ping\n\ndata: 22\r\n\r\n'))
    expect(events.map((event) => event.end)).toEqual([9, 17, 29])
  })

  it('takes a comment for an event without data', () => {
    expect(split([bytes(': still here\n\n')]).data).toEqual([])
  })
})
