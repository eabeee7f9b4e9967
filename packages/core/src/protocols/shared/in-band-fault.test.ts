import { describe, expect, it } from 'vitest'
import { StreamFaultError } from '../../base/errors.ts'
import { faultFrom, inBandFault, parseEvent } from './in-band-fault.ts'

function thrownBy(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  throw new Error('Nothing was thrown.')
}

describe('parseEvent', () => {
  it('gives the object', () => {
    expect(parseEvent({ data: '{"a":1}' })).toEqual({ a: 1 })
  })

  it.each(['', '{"cho', 'nothing', '[1]', '"text"', '7', 'null'])('refuses %j as malformed', (data) => {
    expect(thrownBy(() => parseEvent({ data }))).toMatchObject({
      name: 'StreamFaultError',
      code: 'stream_malformed',
      message: expect.stringMatching(/^The stream/) as string,
    })
  })

  it.each(['{"content":"a secret', 'secret words', '{"a":secret}', '["secret"} '])(
    'never quotes what it could not read: %j',
    (data) => {
      const error = thrownBy(() => parseEvent({ data })) as StreamFaultError & { cause?: Error }
      expect(`${error.stack} ${error.cause?.stack}`).not.toMatch(/secret/)
      expect(error.cause).toBeInstanceOf(SyntaxError)
    },
  )
})

describe('inBandFault', () => {
  it.each<[string, string | undefined, object, object]>([
    [
      'an error object',
      undefined,
      { error: { code: 'boom', message: 'no' } },
      { code: 'boom', message: 'no' },
    ],
    ['an error text', undefined, { error: 'no' }, { code: 'stream_error', message: 'no' }],
    ['an error that is true', undefined, { error: true }, { code: 'stream_error' }],
    ['an event named error', 'error', { code: 'boom', message: 'no' }, { code: 'boom', message: 'no' }],
    [
      'a type error',
      undefined,
      { type: 'error', code: 'boom', message: 'no' },
      { code: 'boom', message: 'no' },
    ],
    [
      'an event named error with an object inside',
      'error',
      { type: 'error', error: { type: 'overloaded_error', message: 'no' } },
      { code: 'overloaded_error', message: 'no' },
    ],
    ['an event named error that says nothing', 'error', {}, { code: 'stream_error' }],
  ])('recognises %s', (_, name, data, fault) => {
    expect(inBandFault(name, { ...data })).toMatchObject(fault)
  })

  it.each([{}, { error: null }, { error: false }, { error: '' }, { error: undefined }, { type: 'errors' }])(
    'takes %j for none',
    (data) => {
      expect(inBandFault(undefined, data)).toBeUndefined()
      expect(inBandFault('message', data)).toBeUndefined()
    },
  )
})

describe('faultFrom', () => {
  it.each<[object, string, number | undefined]>([
    [{ code: 'a', type: 'b' }, 'a', undefined],
    [{ code: null, type: 'b' }, 'b', undefined],
    [{ code: 429, type: 'b' }, 'b', 429],
    [{ code: '429', type: 'b' }, 'b', 429],
    [{ code: 503 }, 'stream_error', 503],
    [{ type: 'error', code: 'a' }, 'a', undefined],
    [{ type: 'error' }, 'stream_error', undefined],
    [{}, 'stream_error', undefined],
  ])('reads %j as the code %s with the status %s', (error, code, status) => {
    expect(faultFrom({ ...error })).toMatchObject({ code, status })
  })

  it.each([undefined, '', 7, null])('has words of its own when the message is %j', (message) => {
    expect(faultFrom({ message }).message).toMatch(/reported an error/)
  })
})
