import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maskBody } from './mask-body.ts'
import { maskJson } from './mask-json.ts'

describe('maskJson', () => {
  it('keeps the structure, and redacts texts', () => {
    const body = {
      model: 'gpt-5',
      messages: [
        { role: 'user', content: 'What is a harbour?' },
        { role: 'user', content: [{ type: 'text', text: '港' }] },
      ],
      temperature: 0.5,
      stream: true,
      user: 'alice',
    }
    expect(JSON.parse(maskJson(JSON.stringify(body)))).toEqual({
      model: 'gpt-5',
      messages: [
        { role: 'user', content: 'redacted redacted ' },
        { role: 'user', content: [{ type: 'text', text: 'red' }] },
      ],
      temperature: 0.5,
      stream: true,
      user: 'redac',
    })
  })

  it('redacts names and numbers that users chose', () => {
    const tool = { name: 'book', parameters: { type: 'object', properties: { guest: { type: 'string' } } } }
    const body = {
      tools: [{ type: 'function', function: tool }],
      metadata: { card: 4111 },
      acme: { model: 'm' },
    }
    const masked = maskJson(JSON.stringify(body))
    expect(masked).not.toMatch(/book|guest|card|4111|acme|"object"|"m"/)
    expect(JSON.parse(masked)).toMatchObject({ tools: [{ type: 'function' }] })
  })

  it('redacts tokens and vectors', () => {
    expect(maskJson('{"input":[[9906,220]],"encoding_format":"float"}')).toBe(
      '{"input":[[1111,111]],"encoding_format":"float"}',
    )
    expect(maskJson('{"embedding":[-0.0125,3e-7]}')).toBe('{"embedding":[-1.1111,1e-0]}')
  })

  it('keeps the code of an error, and no other code', () => {
    expect(maskJson('{"error":{"code":"rate_limit_exceeded"}}')).toContain('rate_limit_exceeded')
    expect(maskJson('{"type":"error","code":"server_error"}')).toContain('server_error')
    expect(maskJson('{"type":"code_interpreter_call","code":"secret"}')).not.toContain('secret')
  })

  it('redacts what is not JSON, or only a part of it', () => {
    expect(maskJson('{"content":"secret')).toBe('{"content":"redact')
    expect(maskJson('{secret: secret}')).not.toContain('secret')
    expect(maskJson(']}"secret":"secret"')).not.toContain('secret')
  })

  const word = fc.stringMatching(/^zq[a-z]{4,12}$/)
  const text = fc.oneof(
    word,
    word.map((each) => `${each} "港"\n\\ ${each}`),
  )
  const json = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      text,
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(
        fc.oneof(word, fc.constantFrom('messages', 'content', 'text', 'arguments', 'metadata')),
        tie('value'),
        {
          maxKeys: 4,
        },
      ),
    ),
  })).value

  it('returns JSON with the same number of bytes and without a word of any text', () => {
    fc.assert(
      fc.property(json, fc.boolean(), (value, pretty) => {
        const body = JSON.stringify({ messages: value }, undefined, pretty ? 2 : 0)
        const masked = maskJson(body)
        expect(masked).not.toContain('zq')
        expect(Buffer.byteLength(masked)).toBe(Buffer.byteLength(body))
        JSON.parse(masked)
      }),
    )
  })

  it('leaves no word of a text that ends anywhere', () => {
    fc.assert(
      fc.property(json, fc.nat(), fc.nat(), (value, from, to) => {
        const body = JSON.stringify({ messages: value })
        const part = body.slice(from % body.length, (to % body.length) + 1)
        const masked = maskJson(part)
        expect(masked).not.toContain('zq')
        expect(Buffer.byteLength(masked)).toBe(Buffer.byteLength(part))
      }),
    )
  })
})

describe('the arguments of a tool', () => {
  const args = '{"city":"Paris \\"3e\\"","guests":[4,2.5,true,null]}'

  it('are JSON again after redaction', () => {
    const masked = JSON.parse(maskJson(JSON.stringify({ arguments: args }))) as { arguments: string }
    expect(masked.arguments).not.toMatch(/city|Paris|guests/)
    expect(JSON.parse(masked.arguments)).toBeTypeOf('object')
  })

  it.each([
    [
      'chat',
      (piece: string) => ({
        choices: [{ index: 0, delta: { tool_calls: [{ index: 1, function: { arguments: piece } }] } }],
      }),
      /"arguments":"((?:[^"\\]|\\.)*)"/,
    ],
    [
      'Responses',
      (piece: string) => ({ type: 'response.function_call_arguments.delta', output_index: 0, delta: piece }),
      /"delta":"((?:[^"\\]|\\.)*)"/,
    ],
    [
      'Anthropic',
      (piece: string) => ({
        type: 'content_block_delta',
        index: 1,
        delta: { type: 'input_json_delta', partial_json: piece },
      }),
      /"partial_json":"((?:[^"\\]|\\.)*)"/,
    ],
  ])('are JSON again in the pieces of a stream: %s', (_, event, pattern) => {
    for (let size = 1; size < 9; size++) {
      const pieces = args.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
      const stream = pieces.map((piece) => `data: ${JSON.stringify(event(piece))}\n\n`).join('')
      const masked = maskBody(Buffer.from(stream), 'text/event-stream')
      const joined = masked
        .split('\n\n')
        .map((line) => JSON.parse(`"${pattern.exec(line)?.[1] ?? ''}"`) as string)
        .join('')
      expect(masked).not.toMatch(/Paris|city/)
      expect(JSON.parse(joined)).toBeTypeOf('object')
    }
  })
})

describe('maskBody', () => {
  it('keeps the events of a stream, their names and the end', () => {
    const stream =
      'event: message_start\ndata: {"type":"message_start"}\n\n: keep-alive\r\n\r\ndata: [DONE]\n\n'
    expect(maskBody(Buffer.from(stream), 'text/event-stream; charset=utf-8')).toBe(stream)
  })

  it('redacts comments, plain text and HTML', () => {
    expect(maskBody(Buffer.from(': a secret\n\n'), 'text/event-stream')).not.toContain('secret')
    expect(maskBody(Buffer.from('<html>secret</html>'), 'text/html')).toBe('redacted redacted r')
    expect(maskBody(Buffer.from('data: secret\n\n'), '')).not.toContain('secret')
  })

  it('redacts bytes that are no text', () => {
    expect(maskBody(Buffer.from([0xff, 0xfe, 0x61]), 'audio/mpeg')).toBe('red')
  })
})
