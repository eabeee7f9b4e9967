import { describe, expect, it } from 'vitest'
import { OpenAIUsage } from './openai-usage.ts'
import { toolUsesOfRequest } from './server-tools.ts'

const USAGE = { prompt_tokens: 3, completion_tokens: 4 }

function usesIn(...events: readonly Readonly<Record<string, unknown>>[]): unknown {
  const reader = new OpenAIUsage()
  for (const event of events) reader.read(event)
  return reader.usage?.serverToolUses
}

describe('the tools that a request offers', () => {
  it.each<[string, object, object | undefined]>([
    ['none', {}, undefined],
    ['a list that is none', { tools: 'web_search' }, undefined],
    ['a web search', { tools: [{ type: 'web_search' }] }, { web_search_requests: 10 }],
    ['a version of it', { tools: [{ type: 'web_search_preview_2025_03_11' }] }, { web_search_requests: 10 }],
    ['a limit', { tools: [{ type: 'file_search' }], max_tool_calls: 2 }, { file_search_requests: 2 }],
    ['an absurd limit', { tools: [{ type: 'x' }], max_tool_calls: 1e99 }, { x_requests: 1_000 }],
    ['a tool that is new', { tools: [{ type: 'teleport' }] }, { teleport_requests: 10 }],
    ['a name that is no word', { tools: [{ type: '../../x' }] }, { other_requests: 10 }],
    ['a function', { tools: [{ type: 'function' }, { name: 'f' }, { type: 'mcp' }, null] }, undefined],
    ['a shell of the caller', { tools: [{ type: 'shell', environment: { type: 'local' } }] }, undefined],
    [
      'a shell of OpenAI',
      { tools: [{ type: 'shell', environment: { type: 'container_auto' } }] },
      { shell_requests: 10 },
    ],
    ['a chat that searches', { web_search_options: {} }, { web_search_requests: 1 }],
  ])('are counted as uses at most: %s', (_, body, uses) => {
    expect(toolUsesOfRequest({ ...body })).toEqual(uses)
  })
})

describe('the tools in an answer', () => {
  it.each<[string, object, object | undefined]>([
    ['code_interpreter_call', {}, { code_interpreter_requests: 1 }],
    ['image_generation_call', {}, { image_generation_requests: 1 }],
    ['teleport_call', {}, { teleport_requests: 1 }],
    ['shell_call', { environment: { type: 'container_reference' } }, { shell_requests: 1 }],
    ['shell_call', {}, { shell_requests: 1 }],
    ['shell_call', { environment: { type: 'local' } }, undefined],
    ['function_call', {}, undefined],
    ['custom_tool_call', {}, undefined],
    ['computer_call', {}, undefined],
    ['mcp_call', {}, undefined],
    ['local_shell_call', {}, undefined],
  ])('count unless they are known to be free: %s %j', (type, more, uses) => {
    expect(usesIn({ usage: USAGE, output: [{ type, ...more }] })).toEqual(uses)
  })

  it('are a search where a chat cites sources, in JSON and in a stream that reports its usage later', () => {
    const annotations = [{ type: 'url_citation' }]
    const searched = { web_search_requests: 1 }
    expect(usesIn({ usage: USAGE, choices: [{ message: { annotations } }] })).toEqual(searched)
    expect(usesIn({ choices: [{ delta: { annotations } }] }, { usage: USAGE, choices: [] })).toEqual(searched)
    expect(usesIn({ usage: USAGE, choices: [{ message: { annotations: [] } }] })).toBeUndefined()
  })

  it.each(['server_tool_use', 'server_side_tool_usage_details'])('are those that %s names', (field) => {
    expect(
      usesIn({ usage: { ...USAGE, [field]: { web_search_calls: 3, 'a b': 1, none: 0, bad: 1e300 } } }),
    ).toEqual({
      web_search_calls: 3,
      other_requests: 1,
    })
  })

  it('have at most 32 names', () => {
    const output = Array.from({ length: 100 }, (_, at) => ({ type: `tool${'x'.repeat(at)}_call` }))
    const uses = usesIn({ usage: USAGE, output }) as Record<string, number>
    expect(Object.keys(uses).length).toBeLessThanOrEqual(33)
    expect(Object.values(uses).reduce((sum, each) => sum + each, 0)).toBe(100)
  })
})
