import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CapturedText, CaptureMemory } from './captured-text.ts'
import { CallSecrets } from './secrets.ts'

const MiB = 2 ** 20

describe('a captured text', () => {
  it('is the beginning of the text, in whole characters, whatever the pieces in which its bytes arrive', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'é', '字', '👋', '\n') })
    fc.assert(
      fc.property(
        text,
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 7 }),
        (whole, maxBytes, size) => {
          const [set, added] = [
            new CapturedText(new CaptureMemory(), maxBytes),
            new CapturedText(new CaptureMemory(), maxBytes),
          ]
          set.set(whole)
          const bytes = Buffer.from(whole)
          for (let at = 0; at < bytes.length; at += size) added.add(bytes.subarray(at, at + size))
          for (const each of [set, added]) {
            const read = each.read() ?? ''
            expect(whole.startsWith(read)).toBe(true)
            expect(Buffer.byteLength(read)).toBeGreaterThan(Math.min(bytes.length, maxBytes) - 4)
            expect(each.isCut).toBe(bytes.length > maxBytes)
          }
        },
      ),
    )
  })

  it('takes no more memory than all texts of a client may have together, and gives it back', () => {
    const memory = new CaptureMemory()
    const texts = Array.from({ length: 5 }, () => new CapturedText(memory, 20 * MiB))
    for (const text of texts) text.set('x'.repeat(20 * MiB))
    expect(texts.map((text) => (text.read() ?? '').length / MiB)).toEqual([20, 20, 20, 4, 0])
    expect(texts.map(({ isCut }) => isCut)).toEqual([false, false, false, true, true])
    for (const text of texts) text.release()
    for (const text of texts) text.release()
    expect(memory.take(100 * MiB)).toBe(64 * MiB)
  })

  it('takes no memory after its release, also if bytes still arrive', () => {
    const memory = new CaptureMemory()
    const text = new CapturedText(memory, MiB)
    text.release()
    text.add(new Uint8Array(10))
    expect(memory.take(100 * MiB)).toBe(64 * MiB)
  })
})

describe('the secrets of a call', () => {
  it.each([
    [
      { authorization: 'Bearer sk-0123456789' },
      'https://x/v1',
      'at sk-0123456789, twice: sk-0123456789',
      'at [removed], twice: [removed]',
    ],
    [{ 'x-goog-api-key': 'AIza0123456789' }, 'https://x/v1', 'AIza0123456789', '[removed]'],
    [
      {},
      'https://x/v1?api_key=0123456789&model=abcdefghijk',
      'abcdefghijk 0123456789',
      'abcdefghijk [removed]',
    ],
    [{ 'x-api-key': 'short' }, 'https://x', 'a short text', 'a short text'],
    [{ 'x-api-key': 'sk-0123456789' }, 'https://x', 'cut at sk-012345', 'cut at [removed]'],
    [{ accept: 'application/json' }, 'https://x', 'application/json', 'application/json'],
  ])('are removed from a text: %j at %s', (headers, url, text, clean) => {
    const secrets = new CallSecrets()
    secrets.addFrom({ headers: new Headers(headers), url })
    expect(secrets.removedFrom(text)).toBe(clean)
  })

  it('are removed from the fields of a request whose names say so, and from no text that mentions them', () => {
    const request = {
      tools: [
        { authorization: 'a "quoted" one', headers: { 'X-API-Key': 'b', Accept: 'c' }, access_token: 'd' },
      ],
      messages: [{ content: 'Explain "api_key": "sk-example".', max_tokens: 5 }],
    }
    const clean = new CallSecrets().removedFromRequest(JSON.stringify(request))
    expect(JSON.parse(clean)).toEqual({
      tools: [
        {
          authorization: '[removed]',
          headers: { 'X-API-Key': '[removed]', Accept: 'c' },
          access_token: '[removed]',
        },
      ],
      messages: request.messages,
    })
    expect(new CallSecrets().removedFromRequest('{"authorization":"cut in the mid')).toBe(
      '{"authorization":"[removed]"',
    )
  })
})
