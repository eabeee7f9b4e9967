import { describe, expect, it } from 'vitest'
import { StreamFaultError } from '../../base/errors.ts'
import { readData } from './read-data.ts'

describe('readData, of an event named error', () => {
  it.each(['Overloaded', '[502] Bad gateway', "{'error': 'overloaded'}", '{}oops', '"quoted"'])(
    'takes plain words for the message: %j',
    (data) => {
      const fault = readData({ name: 'error', data, end: data.length })
      expect(fault).toBeInstanceOf(StreamFaultError)
      expect((fault as StreamFaultError).message).toBe(data.replaceAll('"', ''))
    },
  )

  it.each([
    '{"prompt":"secret',
    '{ "error": {"message":"secret',
    '[{"error":"secret',
    ' ["secret',
    '{\n"a": secret}',
  ])('takes JSON that is cut off for a broken stream, and repeats nothing of it: %j', (data) => {
    const read = (): unknown => readData({ name: 'error', data, end: data.length })
    expect(read).toThrow(expect.objectContaining({ code: 'stream_malformed' }) as Error)
    expect(read).not.toThrow(/secret/)
  })
})
