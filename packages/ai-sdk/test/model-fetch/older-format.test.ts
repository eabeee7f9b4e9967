import type { LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { describe, expect, it } from 'vitest'
import { answering, clientOf, failureOf, FINISH, HELLO, streaming, type ChatRequest } from './client.ts'

const LOOK = { name: 'look', description: 'Looks.', parameters: { type: 'object' } }
/** What the types of the OpenAI client mark as deprecated, and applications still send. */
const FUNCTIONS: object = { functions: [LOOK] }
const WITH_FUNCTIONS: ChatRequest = { ...HELLO, ...FUNCTIONS }
const CALLS = [
  { type: 'tool-call', toolCallId: 'c1', toolName: 'look', input: '{"at":"sea"}' },
  { type: 'tool-call', toolCallId: 'c2', toolName: 'look', input: '{"at":"sky"}' },
] as const

describe('a request with functions', () => {
  it('becomes a request with tools, with the calls and results of its messages', async () => {
    const model = answering({}, 'openai.chat')
    await clientOf(model).chat.completions.create({
      ...WITH_FUNCTIONS,
      ...({ function_call: { name: 'look' } } as object),
      messages: [
        ...HELLO.messages,
        { role: 'assistant', content: null, function_call: { name: 'look', arguments: '{"at":"sea"}' } },
        { role: 'function', name: 'look', content: 'waves' },
      ],
    })
    const [options] = model.doGenerateCalls
    expect(options).toMatchObject({
      tools: [{ type: 'function', name: 'look', description: 'Looks.', inputSchema: { type: 'object' } }],
      toolChoice: { type: 'tool', toolName: 'look' },
      providerOptions: { openai: { parallelToolCalls: false } },
    })
    expect(options?.prompt.slice(1)).toEqual([
      {
        role: 'assistant',
        content: [{ type: 'tool-call', toolCallId: 'call_1', toolName: 'look', input: { at: 'sea' } }],
      },
      {
        role: 'tool',
        content: [
          {
            type: 'tool-result',
            toolCallId: 'call_1',
            toolName: 'look',
            output: { type: 'text', value: 'waves' },
          },
        ],
      },
    ])
  })

  it('is answered with one function_call, and reports a second one that it leaves out', async () => {
    const { data, response } = await clientOf(answering({ content: [...CALLS] }))
      .chat.completions.create(WITH_FUNCTIONS)
      .withResponse()
    expect(data.choices[0]).toMatchObject({
      finish_reason: 'function_call',
      message: { content: null, function_call: { name: 'look', arguments: '{"at":"sea"}' } },
    })
    expect(data.choices[0]?.message.tool_calls).toBeUndefined()
    expect(response.headers.get('x-harbor-dropped')).toBe('answer:tool-call')
  })

  it('is answered by a stream whose pieces make one function_call', async () => {
    const parts: LanguageModelV4StreamPart[] = [
      { type: 'tool-input-start', id: 'c1', toolName: 'look' },
      { type: 'tool-input-delta', id: 'c1', delta: '{"at":' },
      ...CALLS,
      FINISH,
    ]
    const stream = await clientOf(streaming(...parts)).chat.completions.create({
      ...WITH_FUNCTIONS,
      stream: true,
    })
    const called = { name: '', arguments: '' }
    let reason: string | null | undefined
    for await (const { choices } of stream) {
      const delta: { function_call?: Partial<typeof called> } = choices[0]?.delta ?? {}
      called.name += delta.function_call?.name ?? ''
      called.arguments += delta.function_call?.arguments ?? ''
      expect(choices[0]?.delta.tool_calls).toBeUndefined()
      reason = choices[0]?.finish_reason
    }
    expect(called).toEqual({ name: 'look', arguments: '{"at":"sea"}' })
    expect(reason).toBe('function_call')
  })

  it.each<[string, object]>([
    ['functions', { functions: [LOOK], tools: [{ type: 'function', function: LOOK }] }],
    ['functions', { functions: LOOK }],
    ['function_call', { function_call: { name: 'look' } }],
    ['function message', { messages: [{ role: 'function', name: 'look', content: 'waves' }] }],
  ])('is refused when it is invalid: %s', async (name, request) => {
    const error = await failureOf(clientOf(answering()).chat.completions.create({ ...HELLO, ...request }))
    expect(error).toMatchObject({ status: 400, code: 'invalid_request' })
    expect(String(error)).toContain(name)
  })
})
