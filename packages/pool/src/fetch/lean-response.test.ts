import { Readable } from 'node:stream'
import { text as textOf } from 'node:stream/consumers'
import { describe, expect, it, vi } from 'vitest'
import { collect } from '../../test/collect.ts'
import { LeanResponse } from './lean-response.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Chunks that record whether their source was released. */
function chunks(...parts: string[]) {
  const returned = vi.fn()
  const left = parts.map(bytes)
  const iterator: AsyncIterator<Uint8Array, undefined> = {
    next: async () => {
      const value = left.shift()
      return value ? { done: false, value } : { done: true, value: undefined }
    },
    return: async () => {
      returned()
      return { done: true, value: undefined }
    },
  }
  return { body: { [Symbol.asyncIterator]: () => iterator }, returned, left }
}

const bodies = [
  ['text', () => '{"a":"ä"}'],
  ['chunks', () => chunks('{"a"', ':"ä"}').body],
  ['a stream', () => ReadableStream.from([bytes('{"a"'), bytes(':"ä"}')])],
] as const

describe.each(bodies)('a LeanResponse of %s', (_name, makeBody) => {
  const make = (): LeanResponse =>
    new LeanResponse({ status: 200, headers: { 'content-type': 'application/json' }, body: makeBody() })

  it('is a Response', () => {
    expect(make()).toBeInstanceOf(Response)
    expect(make()).toMatchObject({
      status: 200,
      ok: true,
      statusText: '',
      url: '',
      redirected: false,
      type: 'default',
    })
  })

  it('can be read as text, JSON, bytes, buffer, blob and form', async () => {
    expect(await make().text()).toBe('{"a":"ä"}')
    expect(await make().json()).toEqual({ a: 'ä' })
    expect(await make().bytes()).toEqual(bytes('{"a":"ä"}'))
    expect(await make().arrayBuffer()).toEqual(bytes('{"a":"ä"}').buffer)
    const blob = await make().blob()
    expect([blob.type, await blob.text()]).toEqual(['application/json', '{"a":"ä"}'])
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    const form = await new LeanResponse({ status: 200, headers: type, body: makeBody() }).formData()
    expect([...form.keys()]).toEqual(['{"a":"ä"}'])
  })

  it('can be read by chunks, by loop, by reader and through a Readable', async () => {
    expect(await textOf(make().chunks())).toBe('{"a":"ä"}')
    expect(await textOf(make().body as AsyncIterable<Uint8Array>)).toBe('{"a":"ä"}')
    const reader = make().body?.getReader()
    let read = ''
    for (;;) {
      const result = await reader?.read()
      if (!result || result.done) break
      read += Buffer.from(result.value).toString()
    }
    await expect(reader?.closed).resolves.toBeUndefined()
    expect(read).toBe('{"a":"ä"}')
    expect(await textOf(Readable.fromWeb(make().body as never))).toBe('{"a":"ä"}')
  })

  it('works with new Response, tee, pipeThrough and clone', async () => {
    const lean = make()
    const wrapped = new Response(lean.body, lean)
    expect([wrapped.status, wrapped.headers.get('content-type')]).toEqual([200, 'application/json'])
    expect(await wrapped.json()).toEqual({ a: 'ä' })
    expect([wrapped.bodyUsed, lean.bodyUsed]).toEqual([true, true])

    const [one, two] = make().body?.tee() ?? []
    expect(await Promise.all([textOf(one as never), textOf(two as never)])).toEqual([
      '{"a":"ä"}',
      '{"a":"ä"}',
    ])
    const decoded = make().body?.pipeThrough(new TextDecoderStream()) as AsyncIterable<string> | undefined
    expect((await collect(decoded ?? [])).join('')).toBe('{"a":"ä"}')

    const original = make()
    const copy = original.clone()
    expect(copy).toBeInstanceOf(LeanResponse)
    expect(await Promise.all([original.text(), copy.text()])).toEqual(['{"a":"ä"}', '{"a":"ä"}'])
  })

  it('can be read once: a second read in any way is a TypeError', async () => {
    const ways: ((response: LeanResponse) => unknown)[] = [
      (response) => response.text(),
      (response) => response.json(),
      (response) => response.bytes(),
      async (response) => collect(response.chunks()),
      async (response) => collect(response.body ?? []),
    ]
    for (const first of ways) {
      const response = make()
      expect(response.bodyUsed).toBe(false)
      await first(response)
      expect(response.bodyUsed).toBe(true)
      for (const second of ways.slice(0, 3)) await expect(second(response)).rejects.toThrow(TypeError)
      expect(() => response.chunks()).toThrow(TypeError)
      expect(() => response.clone()).toThrow(TypeError)
    }
  })

  it('has a locked stream if it was read in another way', async () => {
    const response = make()
    await response.text()
    expect(response.body?.locked).toBe(true)
  })

  it('cannot be read while its stream has a reader', async () => {
    const response = make()
    const reader = response.body?.getReader()
    expect(response.bodyUsed).toBe(false)
    await expect(response.text()).rejects.toThrow(TypeError)
    reader?.releaseLock()
    expect(await response.text()).toBe('{"a":"ä"}')
  })
})

describe('LeanResponse', () => {
  it('reads as empty any number of times if it has no body', async () => {
    const response = new LeanResponse({ status: 204 })
    expect([await response.text(), await response.text(), response.body, response.bodyUsed]).toEqual([
      '',
      '',
      null,
      false,
    ])
  })

  it.each([
    ['a record', { 'X-A': '1', 'set-cookie': ['a=1', 'b=2'], absent: undefined }],
    ['names and values in turn', ['X-A', '1', 'set-cookie', 'a=1', 'set-cookie', 'b=2']],
    [
      'Headers',
      new Headers([
        ['X-A', '1'],
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ]),
    ],
  ])('accepts headers as %s, and creates Headers when they are read', (_name, headers) => {
    const response = new LeanResponse({ status: 200, headers })
    expect([response.header('x-a'), response.header('Set-Cookie'), response.header('none')]).toEqual([
      '1',
      'a=1, b=2',
      undefined,
    ])
    expect(response.headers).toBeInstanceOf(Headers)
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(response.headers).toBe(response.headers)
    response.headers.set('x-a', '2')
    expect(response.header('x-a')).toBe('2')
    expect(response.clone().headers.get('x-a')).toBe('2')
  })

  it('removes the byte order mark from text, and keeps it in bytes', async () => {
    for (const body of ['\uFEFFa', chunks('\uFEFFa').body]) {
      expect(await new LeanResponse({ status: 200, body }).text()).toBe('a')
    }
    expect(await new LeanResponse({ status: 200, body: '\uFEFFa' }).bytes()).toHaveLength(4)
  })

  it('reads its source on demand, one chunk at a time', async () => {
    const { body, left } = chunks('1', '2', '3')
    const stream = new LeanResponse({ status: 200, body }).body
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(left).toHaveLength(3)
    await stream?.getReader().read()
    expect(left).toHaveLength(2)
  })

  it('releases its source when a reader stops early, in any way', async () => {
    const ways: ((response: LeanResponse) => Promise<unknown> | undefined)[] = [
      (response) => response.body?.cancel(),
      (response) => response.body?.getReader().cancel(),
      async (response) => {
        for await (const chunk of response.body ?? []) if ((chunk as Uint8Array).length > 0) break
      },
      async (response) => {
        for await (const chunk of response.chunks()) if (chunk.length > 0) break
      },
      async (response) => Promise.all(response.body?.tee().map((stream) => stream.cancel()) ?? []),
    ]
    for (const leave of ways) {
      const { body, returned } = chunks('1', '2')
      await leave(new LeanResponse({ status: 200, body }))
      expect(returned).toHaveBeenCalledTimes(1)
    }
  })
})
