import { type Generation, signThoughts, type ToolCall } from '../../answers/generate.ts'

/** A content block, whole and in the deltas of a stream. */
export interface Block {
  whole: object
  /** The block as the event `content_block_start` contains it. */
  start: object
  deltas: readonly object[]
}

/**
 * Returns the content blocks of an answer: thoughts, then text or tool calls. With `omitted`, thoughts have only a signature, and no text.
 */
export function blocksOf({ reasoning, content, toolCalls }: Generation, omitted: boolean): Block[] {
  return [
    ...(reasoning.length > 0 ? [thinkingBlock(reasoning, omitted)] : []),
    ...(content.length > 0 ? [textBlock(content)] : []),
    ...toolCalls.map(toolBlock),
  ]
}

function thinkingBlock(thoughts: readonly string[], omitted: boolean): Block {
  const pieces = omitted ? [] : thoughts
  const signature = signThoughts(thoughts)
  return {
    whole: { type: 'thinking', thinking: pieces.join(''), signature },
    start: { type: 'thinking', thinking: '', signature: '' },
    deltas: [
      ...pieces.map((thinking) => ({ type: 'thinking_delta', thinking })),
      { type: 'signature_delta', signature },
    ],
  }
}

function textBlock(pieces: readonly string[]): Block {
  return {
    whole: { type: 'text', text: pieces.join('') },
    start: { type: 'text', text: '' },
    deltas: pieces.map((text) => ({ type: 'text_delta', text })),
  }
}

function toolBlock(call: ToolCall): Block {
  const block = { type: 'tool_use', id: `toolu_01${call.id.slice('call_'.length)}`, name: call.name }
  const json = call.arguments.join('')
  // As at Anthropic, the first delta is empty, and it is the only one of a tool without arguments.
  const pieces = json === '{}' ? [''] : ['', ...call.arguments]
  return {
    whole: { ...block, input: JSON.parse(json) as unknown },
    start: { ...block, input: {} },
    deltas: pieces.map((partial_json) => ({ type: 'input_json_delta', partial_json })),
  }
}
