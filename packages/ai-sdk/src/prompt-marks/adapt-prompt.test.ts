import type { LanguageModelV4Message, LanguageModelV4Prompt } from '@ai-sdk/provider'
import { describe, expect, it } from 'vitest'

import { adaptPrompt, promptTarget } from './index.ts'

const TARGETS = {
  openai: promptTarget({ provider: 'openai.responses', modelId: 'gpt-5' }),
  chat: promptTarget({ provider: 'openai.chat', modelId: 'gpt-5' }),
  azure: promptTarget({ provider: 'azure.responses', modelId: 'prod' }),
  anthropic: promptTarget({ provider: 'anthropic.messages', modelId: 'claude-sonnet-4-6' }),
  google: promptTarget({ provider: 'google.generative-ai', modelId: 'gemini-3-pro-preview' }),
  gemini25: promptTarget({ provider: 'google.generative-ai', modelId: 'gemini-2.5-pro' }),
  mistral: promptTarget({ provider: 'mistral.chat', modelId: 'mistral-large-latest' }),
  groq: promptTarget({ provider: 'groq.chat', modelId: 'llama' }),
}

type Assistant = Extract<LanguageModelV4Message, { role: 'assistant' }>

/** One step of a tool loop as each vendor's package leaves it in the conversation. */
const STEPS = {
  openai: [
    {
      type: 'reasoning',
      text: '',
      providerOptions: { openai: { itemId: 'rs_1', reasoningEncryptedContent: 'gAAA' } },
    },
    { type: 'text', text: 'I look.', providerOptions: { openai: { itemId: 'msg_1', phase: 'commentary' } } },
    {
      type: 'tool-call',
      toolCallId: 'call_1',
      toolName: 'weather',
      input: { at: 'Rome' },
      providerOptions: { openai: { itemId: 'fc_1' } },
    },
  ],
  anthropic: [
    { type: 'reasoning', text: 'Rome …', providerOptions: { anthropic: { signature: 'EqQB' } } },
    { type: 'reasoning', text: '', providerOptions: { anthropic: { redactedData: 'Emw' } } },
    { type: 'text', text: 'I look.' },
    { type: 'tool-call', toolCallId: 'toolu_1', toolName: 'weather', input: { at: 'Rome' } },
  ],
  google: [
    { type: 'reasoning', text: 'Rome …' },
    { type: 'text', text: 'I look.', providerOptions: { google: { thoughtSignature: 'EsA1' } } },
    {
      type: 'tool-call',
      toolCallId: 'g1',
      toolName: 'weather',
      input: { at: 'Rome' },
      providerOptions: { google: { thoughtSignature: 'EsA2' } },
    },
  ],
} satisfies Record<string, Assistant['content']>

function loop(content: Assistant['content']): LanguageModelV4Prompt {
  const results = content.flatMap((part) =>
    part.type === 'tool-call' && part.providerExecuted !== true ? [part] : [],
  )
  return [
    {
      role: 'system',
      content: 'Be brief.',
      providerOptions: { anthropic: { cacheControl: { type: 'ephemeral' } } },
    },
    { role: 'user', content: [{ type: 'text', text: 'Weather?' }] },
    { role: 'assistant', content },
    {
      role: 'tool',
      content: results.map(({ toolCallId, toolName }) => ({
        type: 'tool-result',
        toolCallId,
        toolName,
        output: { type: 'json', value: { sky: 'clear' } },
      })),
    },
  ]
}

function answer(prompt: LanguageModelV4Prompt): Assistant['content'] {
  const found = prompt.find((message) => message.role === 'assistant')
  return found?.role === 'assistant' ? found.content : []
}

describe('a tool loop that changes vendors', () => {
  const bareText = { type: 'text', text: 'I look.' }
  const bareCall = (toolCallId: string): object => ({
    type: 'tool-call',
    toolCallId,
    toolName: 'weather',
    input: { at: 'Rome' },
  })
  const unsigned = { providerOptions: { google: { thoughtSignature: 'skip_thought_signature_validator' } } }

  it.each([
    ['openai', 'anthropic', bareCall('call_1')],
    ['openai', 'azure', bareCall('call_1')],
    ['openai', 'gemini25', bareCall('call_1')],
    ['openai', 'groq', bareCall('call_1')],
    ['openai', 'google', { ...bareCall('call_1'), ...unsigned }],
    ['anthropic', 'openai', bareCall('toolu_1')],
    ['anthropic', 'chat', bareCall('toolu_1')],
    ['anthropic', 'google', { ...bareCall('toolu_1'), ...unsigned }],
    ['google', 'openai', bareCall('g1')],
    ['google', 'anthropic', bareCall('g1')],
    ['google', 'groq', bareCall('g1')],
  ] as const)('carries no mark of %s to %s', (from, to, call) => {
    const { prompt, dropped } = adaptPrompt(loop(STEPS[from]), { to: TARGETS[to] })
    expect(answer(prompt)).toEqual([bareText, call])
    expect(dropped.some((line) => line.startsWith(`${from}: reasoning removed`))).toBe(true)
  })

  it.each([
    ['openai', 'openai'],
    ['anthropic', 'anthropic'],
    ['google', 'google'],
  ] as const)('returns the same prompt from %s to %s', (from, to) => {
    const given = loop(STEPS[from])
    expect(adaptPrompt(given, { to: TARGETS[to] })).toEqual({ prompt: given, dropped: [] })
    expect(adaptPrompt(given, { to: TARGETS[to] }).prompt).toBe(given)
  })

  it('reports each kind of change with its number, and no text of the prompt', () => {
    const { dropped } = adaptPrompt(loop(STEPS.anthropic), { to: TARGETS.openai })
    expect(dropped).toEqual(['anthropic: reasoning removed (2 times)'])
  })

  it('removes the marks of a vendor that Harbor does not know', () => {
    const content: Assistant['content'] = [
      { type: 'reasoning', text: 'hm' },
      { type: 'text', text: 'Yes.', providerOptions: { acme: { trace: 'x' }, harbor: { kept: true } } },
    ]
    const { prompt, dropped } = adaptPrompt(loop(content), { to: TARGETS.openai })
    expect(answer(prompt)).toEqual([
      { type: 'text', text: 'Yes.', providerOptions: { harbor: { kept: true } } },
    ])
    expect(dropped).toEqual(['acme: reasoning removed', 'acme: marks removed'])
  })

  it('leaves cache control and messages without marks as they are', () => {
    const given = loop([
      { type: 'reasoning', text: 'hm' },
      { type: 'text', text: 'Yes.', providerOptions: { anthropic: { cacheControl: { type: 'ephemeral' } } } },
    ])
    expect(adaptPrompt(given, { to: TARGETS.openai }).prompt).toBe(given)
  })

  it('removes a message of which nothing is left', () => {
    const { prompt } = adaptPrompt(loop([STEPS.anthropic[0] as never]), { to: TARGETS.openai })
    expect(prompt.map((message) => message.role)).toEqual(['system', 'user', 'tool'])
  })

  it('signs only the first function call of an answer for Gemini 3', () => {
    const twice = [
      STEPS.anthropic[3],
      { ...STEPS.anthropic[3], toolCallId: 'toolu_2' },
    ] as Assistant['content']
    const { prompt } = adaptPrompt(loop(twice), { to: TARGETS.google })
    expect(answer(prompt)).toEqual([{ ...bareCall('toolu_1'), ...unsigned }, bareCall('toolu_2')])
  })
})

describe('calls of tools that a vendor executes', () => {
  const searched: Assistant['content'] = [
    {
      type: 'tool-call',
      toolCallId: 'srvtoolu_1',
      toolName: 'web_search',
      input: { query: 'Rome' },
      providerExecuted: true,
    },
    {
      type: 'tool-result',
      toolCallId: 'srvtoolu_1',
      toolName: 'web_search',
      output: { type: 'json', value: [{ title: 'Sun', encryptedContent: 'Ekk' }] },
    },
    { type: 'text', text: 'Sunny.' },
  ]

  it('become text for another vendor, without encrypted fields', () => {
    const { prompt, dropped } = adaptPrompt(loop(searched), { to: TARGETS.openai })
    expect(answer(prompt)).toEqual([
      { type: 'text', text: '[Called web_search with {"query":"Rome"}]' },
      { type: 'text', text: '[web_search returned: [{"title":"Sun"}]]' },
      { type: 'text', text: 'Sunny.' },
    ])
    expect(dropped).toHaveLength(2)
  })

  it('stay for the vendor that executed them', () => {
    const given = loop(searched)
    expect(adaptPrompt(given, { to: TARGETS.anthropic }).prompt).toBe(given)
  })

  it('are recognised by the tool of the request where nothing else shows the vendor', () => {
    const call = {
      ...searched[0],
      toolCallId: 'x1',
      toolName: 'code_execution',
    } as Assistant['content'][number]
    const tools = [
      { type: 'provider', id: 'google.code_execution', name: 'code_execution', args: {} } as const,
    ]
    expect(answer(adaptPrompt(loop([call]), { to: TARGETS.openai, tools }).prompt)[0]?.type).toBe('text')
    expect(answer(adaptPrompt(loop([call]), { to: TARGETS.google, tools }).prompt)[0]?.type).toBe('tool-call')
  })

  it('are text for the chat API of their own vendor', () => {
    const call = {
      ...searched[0],
      toolCallId: 'x1',
      providerOptions: { openai: { itemId: 'ws_1' } },
    } as Assistant['content'][number]
    expect(answer(adaptPrompt(loop([call]), { to: TARGETS.chat }).prompt)[0]?.type).toBe('text')
    expect(answer(adaptPrompt(loop([call]), { to: TARGETS.openai }).prompt)[0]?.type).toBe('tool-call')
  })

  it('take their approval and a result in a tool message along', () => {
    const call = {
      ...searched[0],
      providerOptions: { openai: { approvalRequestId: 'mcpr_1' } },
    } as Assistant['content'][number]
    const given: LanguageModelV4Prompt = [
      { role: 'assistant', content: [call] },
      {
        role: 'tool',
        content: [
          { type: 'tool-approval-response', approvalId: 'mcpr_1', approved: false },
          {
            type: 'tool-result',
            toolCallId: 'srvtoolu_1',
            toolName: 'web_search',
            output: { type: 'execution-denied', reason: 'no' },
          },
        ],
      },
    ]
    const { prompt } = adaptPrompt(given, { to: TARGETS.anthropic })
    expect(prompt).toEqual([
      {
        role: 'assistant',
        content: [
          { type: 'text', text: '[Called web_search with {"query":"Rome"}]' },
          { type: 'text', text: '[web_search was denied: no]' },
        ],
      },
    ])
  })
})

describe('stored files', () => {
  const file = (reference: Record<string, string>): LanguageModelV4Prompt => [
    {
      role: 'user',
      content: [{ type: 'file', mediaType: 'application/pdf', data: { type: 'reference', reference } }],
    },
  ]

  it('make a target unable that cannot reach them', () => {
    expect(adaptPrompt(file({ openai: 'file-1' }), { to: TARGETS.anthropic }).unable).toBe(
      'a file of the prompt is stored at openai',
    )
    expect(adaptPrompt(file({ openai: 'file-1' }), { to: TARGETS.openai }).unable).toBeUndefined()
    expect(
      adaptPrompt(file({ openai: 'file-1', anthropic: 'f_1' }), { to: TARGETS.anthropic }).unable,
    ).toBeUndefined()
  })
})
