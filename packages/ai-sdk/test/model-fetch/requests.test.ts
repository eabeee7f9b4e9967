import { MockLanguageModelV4 } from 'ai/test'
import { describe, expect, it } from 'vitest'
import { modelFetch } from '../../src/index.ts'
import { answering, clientOf, failureOf, HELLO, type ChatRequest } from './client.ts'

async function optionsFor(request: object, model = answering()) {
  await clientOf(model).chat.completions.create({ ...HELLO, ...request })
  return model.doGenerateCalls[0]
}

async function promptFor(messages: readonly object[], model = answering()) {
  return (await optionsFor({ messages }, model))?.prompt
}

function userParts(...content: readonly object[]) {
  return [{ role: 'user', content }]
}

const TOOL = {
  type: 'function',
  function: { name: 'look', description: 'Looks.', parameters: { type: 'object' } },
}
const CALL = { id: 'c1', type: 'function', function: { name: 'look', arguments: '{"at":"sea"}' } }
const SECOND_CALL = { id: 'c2', type: 'function', function: { name: 'count', arguments: '' } }

describe('the prompt made of chat messages', () => {
  it('has each role: system, developer, user, assistant, and one tool message for parallel calls', async () => {
    expect(
      await promptFor([
        {
          role: 'system',
          content: [
            { type: 'text', text: 'Be' },
            { type: 'text', text: 'brief.' },
          ],
        },
        { role: 'developer', content: 'No jokes.' },
        { role: 'user', content: 'What do you see?' },
        { role: 'assistant', content: 'I look.', tool_calls: [CALL, SECOND_CALL] },
        { role: 'tool', tool_call_id: 'c1', content: 'waves' },
        { role: 'tool', tool_call_id: 'c2', content: [{ type: 'text', text: '7' }] },
        { role: 'assistant', content: null, refusal: 'I cannot say more.' },
      ]),
    ).toEqual([
      { role: 'system', content: 'Be\nbrief.' },
      { role: 'system', content: 'No jokes.' },
      { role: 'user', content: [{ type: 'text', text: 'What do you see?' }] },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'I look.' },
          { type: 'tool-call', toolCallId: 'c1', toolName: 'look', input: { at: 'sea' } },
          { type: 'tool-call', toolCallId: 'c2', toolName: 'count', input: {} },
        ],
      },
      {
        role: 'tool',
        content: [
          {
            type: 'tool-result',
            toolCallId: 'c1',
            toolName: 'look',
            output: { type: 'text', value: 'waves' },
          },
          { type: 'tool-result', toolCallId: 'c2', toolName: 'count', output: { type: 'text', value: '7' } },
        ],
      },
      { role: 'assistant', content: [{ type: 'text', text: 'I cannot say more.' }] },
    ])
  })

  it('has images, audio and files with their media types', async () => {
    const model = new MockLanguageModelV4({
      provider: 'openai.chat',
      supportedUrls: { 'image/*': [/^https:\/\/pictures\.example\//] },
      doGenerate: (await answering().doGenerate({ prompt: [] })) as never,
    })
    const image = { type: 'image_url', image_url: { url: 'https://pictures.example/a.png', detail: 'low' } }
    const prompt = await promptFor(
      userParts(
        { type: 'text', text: 'Compare.' },
        image,
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
        { type: 'input_audio', input_audio: { data: 'BBBB', format: 'mp3' } },
        { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,CCCC' } },
        { type: 'file', file: { filename: 'b.PDF', file_data: 'DDDD' } },
      ),
      model,
    )
    const pdf = 'application/pdf'
    expect(prompt?.[0]?.content).toEqual([
      { type: 'text', text: 'Compare.' },
      {
        type: 'file',
        mediaType: 'image/*',
        data: { type: 'url', url: new URL('https://pictures.example/a.png') },
        providerOptions: { openai: { imageDetail: 'low' } },
      },
      { type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'AAAA' } },
      { type: 'file', mediaType: 'audio/mpeg', data: { type: 'data', data: 'BBBB' } },
      { type: 'file', mediaType: pdf, data: { type: 'data', data: 'CCCC' }, filename: 'a.pdf' },
      { type: 'file', mediaType: pdf, data: { type: 'data', data: 'DDDD' }, filename: 'b.PDF' },
    ])
  })
})

describe('a message that the OpenAI client parsed', () => {
  it('is sent back without what the client added to it', async () => {
    const called = { ...CALL, function: { ...CALL.function, parsed_arguments: { at: 'sea' } } }
    const answer = { role: 'assistant', content: '{}', parsed: {}, tool_calls: [called] }
    const result = { role: 'tool', tool_call_id: 'c1', content: 'waves' }
    const prompt = await promptFor([...HELLO.messages, answer, result])
    expect(prompt?.[1]?.content).toEqual([
      { type: 'text', text: '{}' },
      { type: 'tool-call', toolCallId: 'c1', toolName: 'look', input: { at: 'sea' } },
    ])
  })
})

describe('a prompt that another vendor would refuse', () => {
  const answer = { role: 'assistant', content: null, tool_calls: [{ ...CALL, id: 'tooluse:7/x' }] }
  const result = { role: 'tool', tool_call_id: 'tooluse:7/x', name: 'look', content: 'waves' }

  it('has ids of tool calls that Anthropic accepts, in the call and in its result', async () => {
    const prompt = await promptFor([...HELLO.messages, answer, result], answering({}, 'anthropic.messages'))
    const ids = prompt?.flatMap(({ content }) =>
      typeof content === 'string'
        ? []
        : content.flatMap((part) => ('toolCallId' in part ? [part.toolCallId] : [])),
    )
    expect(ids).toHaveLength(2)
    expect(ids?.[0]).toMatch(/^[\w-]{1,64}$/)
    expect(ids?.[1]).toBe(ids?.[0])
  })

  it('has the value that Gemini 3 demands of a call of another model', async () => {
    const gemini = new MockLanguageModelV4({
      provider: 'google.generative-ai',
      modelId: 'gemini-3-pro',
      doGenerate: (await answering().doGenerate({ prompt: [] })) as never,
    })
    const prompt = await promptFor([...HELLO.messages, answer, result], gemini)
    expect(JSON.stringify(prompt?.[1])).toContain('"thoughtSignature":"skip_thought_signature_validator"')
  })

  it('has no message without content, and no empty text beside an image', async () => {
    const image = { type: 'image_url', image_url: { url: 'DATA:image/png;base64,AAAA' } }
    const prompt = await promptFor([
      ...HELLO.messages,
      { role: 'assistant', content: '' },
      ...userParts({ type: 'text', text: '' }, image),
    ])
    expect(prompt).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
      {
        role: 'user',
        content: [{ type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'AAAA' } }],
      },
    ])
  })
})

describe('the call options made of a chat request', () => {
  it('has all settings, and no field without a value', async () => {
    const options = await optionsFor({
      temperature: 0.5,
      top_p: 0.9,
      seed: 7,
      presence_penalty: 0.1,
      frequency_penalty: 0.2,
      max_tokens: 10,
      stop: 'END',
      reasoning_effort: 'high',
      tools: [TOOL],
      tool_choice: { type: 'function', function: { name: 'look' } },
      parallel_tool_calls: true,
      audio: null,
      n: 1,
      logprobs: false,
      store: false,
    })
    expect(options).toMatchObject({
      temperature: 0.5,
      topP: 0.9,
      seed: 7,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      maxOutputTokens: 10,
      stopSequences: ['END'],
      reasoning: 'high',
      tools: [{ type: 'function', name: 'look', description: 'Looks.', inputSchema: { type: 'object' } }],
      toolChoice: { type: 'tool', toolName: 'look' },
    })
    expect(Object.keys((await optionsFor({ temperature: null })) ?? {}).toSorted()).toEqual([
      'abortSignal',
      'prompt',
    ])
  })

  it.each(['auto', 'none', 'required'])('has the tool choice %s', async (choice) => {
    expect((await optionsFor({ tools: [TOOL], tool_choice: choice }))?.toolChoice).toEqual({ type: choice })
  })

  it.each(['auto', 'required'])('has only the allowed tools, with the mode %s', async (mode) => {
    const other = { type: 'function', function: { name: 'count' } }
    const allowed = { mode, tools: [{ type: 'function', function: { name: 'count' } }] }
    const options = await optionsFor({
      tools: [TOOL, other],
      tool_choice: { type: 'allowed_tools', allowed_tools: allowed },
    })
    expect(options?.tools?.map(({ name }) => name)).toEqual(['count'])
    expect(options?.toolChoice).toEqual({ type: mode })
  })

  it('does not need an option against parallel calls when no tool may be called', async () => {
    const request = { tools: [TOOL], tool_choice: 'none', parallel_tool_calls: false }
    expect((await optionsFor(request))?.toolChoice).toEqual({ type: 'none' })
  })

  it.each([
    ['openai.chat', { openai: { strictJsonSchema: false } }],
    ['groq.chat', { groq: { strictJsonSchema: false } }],
    ['ours.chat', { openaiCompatible: { strictJsonSchema: false } }],
  ])('requests no strict schema of %s unless the request does', async (provider, providerOptions) => {
    const format = { type: 'json_schema', json_schema: { name: 'port', schema: { type: 'object' } } }
    const options = await optionsFor({ response_format: format }, answering({}, provider))
    expect(options?.providerOptions).toEqual(providerOptions)
  })

  it('has the JSON schema with its name, description and strictness', async () => {
    const schema = { type: 'object', properties: {} }
    const format = {
      type: 'json_schema',
      json_schema: { name: 'port', description: 'A port.', schema, strict: true },
    }
    const options = await optionsFor({ response_format: format }, answering({}, 'openai.responses'))
    expect(options?.responseFormat).toEqual({ type: 'json', name: 'port', description: 'A port.', schema })
    expect(options?.providerOptions).toEqual({ openai: { strictJsonSchema: true } })
    expect((await optionsFor({ response_format: { type: 'json_object' } }))?.responseFormat).toEqual({
      type: 'json',
    })
  })

  it.each([
    ['anthropic.messages', { anthropic: { disableParallelToolUse: true } }],
    ['vertex.anthropic.messages', { anthropic: { disableParallelToolUse: true } }],
    ['googleVertex.anthropic.messages', { anthropic: { disableParallelToolUse: true } }],
    ['openai.chat', { openai: { parallelToolCalls: false } }],
    ['openai.responses', { openai: { parallelToolCalls: false } }],
    ['azure.responses', { azure: { parallelToolCalls: false }, openai: { parallelToolCalls: false } }],
    ['groq.chat', { groq: { parallelToolCalls: false } }],
    ['mistral.chat', { mistral: { parallelToolCalls: false } }],
    ['xai.responses', { xai: { parallelToolCalls: false } }],
  ])('forbids parallel tool calls in the way of %s', async (provider, providerOptions) => {
    const request = { tools: [TOOL], parallel_tool_calls: false }
    expect((await optionsFor(request, answering({}, provider)))?.providerOptions).toEqual(providerOptions)
  })
})

describe('a request that the model cannot express', () => {
  it.each<[name: string, request: object]>([
    ['n > 1', { n: 2 }],
    ['logprobs', { logprobs: true }],
    ['modalities', { modalities: ['text', 'audio'] }],
    ['audio', { audio: { voice: 'alloy', format: 'wav' } }],
    ['web_search_options', { web_search_options: {} }],
    ['store', { store: true }],
    ['brand_new_option', { brand_new_option: 1 }],
    ['toString', JSON.parse('{ "toString": 1 }') as object],
    ['reasoning_effort enormous', { reasoning_effort: 'enormous' }],
    ['parallel_tool_calls: false', { tools: [TOOL], parallel_tool_calls: false }],
    ['a tool of the type custom', { tools: [{ type: 'custom', custom: { name: 'x' } }] }],
    [
      'tool_choice of the type custom',
      { tools: [TOOL], tool_choice: { type: 'custom', custom: { name: 'x' } } },
    ],
    ['response_format of the type grammar', { response_format: { type: 'grammar' } }],
    ['file_id', { messages: userParts({ type: 'file', file: { file_id: 'file-1' } }) }],
    [
      'format flac',
      { messages: userParts({ type: 'input_audio', input_audio: { data: 'A', format: 'flac' } }) },
    ],
    [
      'an image by its URL',
      { messages: userParts({ type: 'image_url', image_url: { url: 'https://a.example/' } }) },
    ],
    ['a part of the type video_url', { messages: userParts({ type: 'video_url' }) }],
    [
      'cache_control',
      { messages: userParts({ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }) },
    ],
    ['the role critic', { messages: [{ role: 'critic', name: 'f', content: 'x' }] }],
    ['audio in an assistant message', { messages: [{ role: 'assistant', audio: { id: 'a' } }] }],
  ])('is refused by name, before the model is called: %s', async (name, request) => {
    const model = answering()
    const error = await failureOf(clientOf(model).chat.completions.create({ ...HELLO, ...request }))
    expect(error).toMatchObject({ status: 400, code: 'unsupported_by_model' })
    expect(String(error)).toContain(name)
    expect(model.doGenerateCalls).toEqual([])
  })

  it.each([
    'azure.deepseek',
    'bedrock.anthropic.messages',
    'mistral.conversation',
    'google.generative-ai',
    'amazon-bedrock',
  ])(
    'is refused when the package of the provider has no option for it: parallel_tool_calls of %s',
    async (provider) => {
      const request = { ...HELLO, tools: [TOOL], parallel_tool_calls: false } as ChatRequest
      const error = await failureOf(clientOf(answering({}, provider)).chat.completions.create(request))
      expect(error).toMatchObject({ status: 400, code: 'unsupported_by_model' })
    },
  )

  it.each([
    ['tool look', 'tools'],
    ['user message part type: image', 'user'],
    ['strict', 'strict'],
    ['JSON Schema propertyNames', 'response_format'],
    ['a feature of next year', 'a'],
  ])(
    'is refused after the answer, when the model ignored what is not known to be harmless: %s',
    async (feature, name) => {
      const model = answering({ warnings: [{ type: 'unsupported', feature }] })
      const error = await failureOf(clientOf(model).chat.completions.create(HELLO))
      expect(error).toMatchObject({ status: 400, code: 'ignored_by_model' })
      expect(String(error)).toContain(`ignores ${name},`)
    },
  )

  it('is refused after the answer, when the model reports that it ignored a part that changes the meaning', async () => {
    const model = answering({ warnings: [{ type: 'unsupported', feature: 'responseFormat' }] })
    const error = await failureOf(clientOf(model).chat.completions.create(HELLO))
    expect(error).toMatchObject({ status: 400, code: 'ignored_by_model' })
    expect(String(error)).toContain('response_format')
  })
})

describe('an invalid request', () => {
  it.each<object>([
    { messages: [] },
    { messages: [{ role: 'tool', tool_call_id: 'nowhere', content: 'x' }] },
    { temperature: 'warm' },
    { model: '' },
    { stop: [1] },
    { n: 0 },
    { parallel_tool_calls: 'no' },
    { stream_options: true },
    { tool_choice: 'required' },
    { tools: [TOOL], tool_choice: { type: 'function', function: { name: 'count' } } },
    { messages: [{ role: 'system', content: [] }] },
    {
      messages: userParts({ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 7 } }),
    },
    { messages: userParts({ type: 'image_url', image_url: { url: 'file:///etc/passwd' } }) },
  ])('is refused with 400, and stops the chain: %j', async (request) => {
    const error = await failureOf(clientOf(answering()).chat.completions.create({ ...HELLO, ...request }))
    expect(error).toMatchObject({ status: 400, code: 'invalid_request' })
  })

  it('repeats nothing of the prompt', async () => {
    const secret = 'my secret harbour'
    const messages = [{ role: secret, content: secret }]
    const error = await failureOf(
      clientOf(answering()).chat.completions.create({ ...HELLO, messages } as unknown as ChatRequest),
    )
    expect(String(error)).not.toContain('secret')
  })
})

describe('the response header x-harbor-dropped', () => {
  it('names what only tunes an answer, and what the model reports in its warnings', async () => {
    const model = answering({
      warnings: [
        { type: 'unsupported', feature: 'topP', details: 'not with temperature' },
        { type: 'other', message: 'Something about the prompt.' },
      ],
    })
    const { response } = await clientOf(model)
      .chat.completions.create({
        ...HELLO,
        safety_identifier: 'u',
        metadata: { a: 'b' },
        logit_bias: { 5: 1 },
        messages: [{ role: 'user', name: 'Ann', content: 'Hi' }],
      })
      .withResponse()
    expect(response.headers.get('x-harbor-dropped')).toBe(
      'safety_identifier, metadata, logit_bias, messages.name, top_p, warning',
    )
  })

  it('is missing when nothing was left out', async () => {
    const { response } = await clientOf(answering()).chat.completions.create(HELLO).withResponse()
    expect(response.headers.has('x-harbor-dropped')).toBe(false)
  })
})

describe('an endpoint that is not chat', () => {
  it.each(['/models', '/embeddings', '/responses', '/completions'])(
    'is answered with 404: %s',
    async (path) => {
      const response = await modelFetch(() => answering())(`https://model.invalid/v1${path}`)
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({
        error: { code: 'unsupported_by_model', message: expect.stringContaining(path) as string },
      })
    },
  )
})

describe('modelFetch', () => {
  it('takes a Request, a URL and bytes', async () => {
    const fetch = modelFetch(() => answering())
    const url = 'https://model.invalid/openai/v1/chat/completions?x=1'
    const body = JSON.stringify(HELLO)
    const init = { method: 'POST', body }
    for (const response of [
      await fetch(new Request(url, init)),
      await fetch(new URL(url), init),
      await fetch(url, { method: 'POST', body: new TextEncoder().encode(body) }),
    ]) {
      expect(response.status).toBe(200)
    }
  })

  it('passes the model id on, and refuses what is no function', async () => {
    const ids: string[] = []
    const fetch = modelFetch((id) => (ids.push(id), answering()))
    await fetch('https://m.invalid/chat/completions', { method: 'POST', body: JSON.stringify(HELLO) })
    expect(ids).toEqual(['m'])
    expect(() => modelFetch(answering() as never)).toThrow(TypeError)
  })
})
