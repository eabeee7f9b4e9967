import { describe, expect, it } from 'vitest'
import { MESSAGES_QUESTION } from '../anthropic-messages/messages-question.ts'
import { GEMINI_QUESTION } from '../gemini-generate/gemini-question.ts'
import { CHAT_QUESTION } from '../openai-chat/chat-question.ts'
import { RESPONSES_QUESTION } from '../openai-responses/responses-question.ts'
import type { QuestionFormat } from './question-format.ts'

const CONTENT: readonly (readonly [
  string,
  QuestionFormat,
  (last: object) => Record<string, unknown>,
  string,
])[] = [
  [
    'chat',
    CHAT_QUESTION,
    (last) => ({ model: 'm', messages: [{ role: 'system', content: 's' }, last] }),
    'content',
  ],
  [
    'responses',
    RESPONSES_QUESTION,
    (last) => ({ model: 'm', input: [{ role: 'developer', content: 's' }, last] }),
    'content',
  ],
  ['messages', MESSAGES_QUESTION, (last) => ({ model: 'm', system: 's', messages: [last] }), 'content'],
  [
    'gemini',
    GEMINI_QUESTION,
    (last) => ({ systemInstruction: {}, contents: [{ role: 'user', parts: [] }, last] }),
    'parts',
  ],
]

describe.each(CONTENT)('the question of %s', (name, format, requestWith, field) => {
  const text = (value: string): object =>
    name === 'gemini' ? { text: value } : { type: 'text', text: value }
  const user = (content: unknown, more: object = {}): Record<string, unknown> =>
    requestWith({ role: 'user', [field]: content, ...more })

  it('is the last message of the user, and the rest has everything but its text', () => {
    const one = format.questionOf(user([text('How tall?')], { new_field: 1 }))
    expect(one?.text).toBe('How tall?')
    expect(JSON.stringify(one?.rest)).not.toContain('How tall?')
    expect(JSON.stringify(one?.rest)).toContain('new_field')
    expect(one?.rest).toEqual(format.questionOf(user([text('Other')], { new_field: 1 }))?.rest)
    expect(one?.rest).not.toEqual(format.questionOf(user([text('How tall?')]))?.rest)
    expect(one?.rest).not.toEqual(
      format.questionOf(user([{ ...text('How tall?'), cache_control: {} }], { new_field: 1 }))?.rest,
    )
  })

  it('does not change the request', () => {
    const request = user([text('How tall?')])
    const before = JSON.stringify(request)
    format.questionOf(request)
    expect(JSON.stringify(request)).toBe(before)
  })

  it.each<[string, unknown]>([
    ['two texts', [text('How tall?'), text('in feet')]],
    ['no part', []],
    ['a picture', [{ type: 'image_url', image_url: {} }]],
    ['a part of another type that has a text', [{ type: 'tool_result', text: 'How tall?' }]],
    ['a text that is none', [{ type: 'text', text: 5 }]],
    ['a number', 5],
    ['nothing', null],
  ])('is not there for %s', (_what, content) => {
    expect(format.questionOf(user(content))).toBeUndefined()
  })

  it.each(['assistant', 'system', 'tool', 'model', ''])(
    'is not there when the last message is of "%s"',
    (role) => {
      expect(format.questionOf(requestWith({ role, [field]: [text('How tall?')] }))).toBeUndefined()
    },
  )

  it('is not there without messages', () => {
    expect(format.questionOf({})).toBeUndefined()
    expect(format.questionOf({ messages: [], input: [], contents: [] })).toBeUndefined()
    expect(format.questionOf({ messages: 'x', contents: 'x' })).toBeUndefined()
  })
})

const message = (content: readonly object[]): object => ({ type: 'message', role: 'assistant', content })

describe('the text of an answer', () => {
  it.each<[string, QuestionFormat, Record<string, unknown>, string | undefined]>([
    ['chat', CHAT_QUESTION, { choices: [{ index: 0, message: { role: 'assistant', content: 'a' } }] }, 'a'],
    [
      'chat with a tool',
      CHAT_QUESTION,
      { choices: [{ message: { content: 'a', tool_calls: [{ id: '1' }] } }] },
      undefined,
    ],
    [
      'chat with two choices',
      CHAT_QUESTION,
      { choices: [{ message: { content: 'a' } }, { index: 1, message: { content: 'b' } }] },
      undefined,
    ],
    [
      'a response',
      RESPONSES_QUESTION,
      {
        output: [
          { type: 'reasoning' },
          message([
            { type: 'output_text', text: 'a' },
            { type: 'output_text', text: 'b' },
          ]),
        ],
      },
      'ab',
    ],
    [
      'a response with a call',
      RESPONSES_QUESTION,
      { output: [{ type: 'function_call' }, message([])] },
      undefined,
    ],
    ['a refusal', RESPONSES_QUESTION, { output: [message([{ type: 'refusal', refusal: 'no' }])] }, undefined],
    ['a response without an output', RESPONSES_QUESTION, {}, undefined],
    [
      'a message',
      MESSAGES_QUESTION,
      { content: [{ type: 'thinking' }, { type: 'text', text: 'a' }, { type: 'text', text: 'b' }] },
      'ab',
    ],
    [
      'a message with a tool',
      MESSAGES_QUESTION,
      { content: [{ type: 'text', text: 'a' }, { type: 'tool_use' }] },
      undefined,
    ],
    ['a message without content', MESSAGES_QUESTION, {}, undefined],
    [
      'Gemini',
      GEMINI_QUESTION,
      { candidates: [{ content: { parts: [{ text: 't', thought: true }, { text: 'a' }] } }] },
      'a',
    ],
    [
      'Gemini with a call',
      GEMINI_QUESTION,
      { candidates: [{ content: { parts: [{ functionCall: {} }] } }] },
      undefined,
    ],
  ])('is known of %s', (_what, format, answer, text) => {
    expect(format.textOf(answer)).toBe(text)
  })

  it('is known of a streamed message, and not of one with a tool', () => {
    const start = (block: object): Record<string, unknown> => ({
      type: 'content_block_start',
      content_block: block,
    })
    const delta = (part: object): Record<string, unknown> => ({ type: 'content_block_delta', delta: part })
    const text = [
      start({ type: 'text', text: '' }),
      delta({ type: 'text_delta', text: 'a' }),
      delta({ type: 'text_delta', text: 'b' }),
    ]
    expect(
      MESSAGES_QUESTION.textOfEvents([{ type: 'message_start' }, ...text, { type: 'message_stop' }]),
    ).toBe('ab')
    expect(MESSAGES_QUESTION.textOfEvents([...text, start({ type: 'tool_use' })])).toBeUndefined()
    expect(MESSAGES_QUESTION.textOfEvents([...text, delta({ type: 'citations_delta' })])).toBeUndefined()
  })

  it('is not known of a response whose stream has no end', () => {
    expect(RESPONSES_QUESTION.textOfEvents([{ type: 'response.created', response: {} }])).toBeUndefined()
  })
})
