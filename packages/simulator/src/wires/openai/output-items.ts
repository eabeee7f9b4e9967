import type { Choice } from './choice.ts'

/** An item in the output of a Responses answer, with its events in a stream. */
export interface OutputItem {
  id: string
  added: object
  done: object
  steps: readonly (readonly [type: string, fields: object])[]
}

/** Returns the output items of a Responses answer: thoughts, then tool calls or a message. */
export function outputItems(generation: Choice, fingerprint: string): OutputItem[] {
  const items: OutputItem[] = []
  if (generation.reasoning.length > 0) {
    const item = { id: `rs_${fingerprint}`, type: 'reasoning', summary: [] }
    items.push({ id: item.id, added: item, done: item, steps: [] })
  }
  for (const call of generation.toolCalls) {
    const id = `fc_${call.id.slice(5)}`
    const item = { id, type: 'function_call', call_id: call.id, name: call.name }
    const whole = call.arguments.join('')
    items.push({
      id,
      added: { ...item, status: 'in_progress', arguments: '' },
      done: { ...item, status: 'completed', arguments: whole },
      steps: [
        ...call.arguments.map((delta) => ['response.function_call_arguments.delta', { delta }] as const),
        ['response.function_call_arguments.done', { name: call.name, arguments: whole }],
      ],
    })
  }
  if (generation.toolCalls.length === 0) items.push(messageItem(generation, fingerprint))
  return items
}

function messageItem({ content, finish, refusal }: Choice, fingerprint: string): OutputItem {
  const item = { id: `msg_${fingerprint}`, type: 'message', role: 'assistant' }
  const complete = finish !== 'length' && finish !== 'content_filter'
  const parts = [
    ...(content.length > 0 || refusal.length === 0 ? [textPart(content)] : []),
    ...(refusal.length > 0 ? [refusalPart(refusal)] : []),
  ]
  return {
    id: item.id,
    added: { ...item, status: 'in_progress', content: [] },
    done: {
      ...item,
      status: complete ? 'completed' : 'incomplete',
      content: parts.map(({ part }) => part),
    },
    steps: parts.flatMap(({ part, empty, deltas }, content_index) => [
      ['response.content_part.added', { content_index, part: empty }] as const,
      ...deltas.map(([type, fields]) => [type, { content_index, ...fields }] as const),
      ['response.content_part.done', { content_index, part }] as const,
    ]),
  }
}

function textPart(content: readonly string[]) {
  const text = content.join('')
  const part = { type: 'output_text', annotations: [], logprobs: [], text }
  const deltas = [
    ...content.map((delta) => ['response.output_text.delta', { delta, logprobs: [] }] as const),
    ['response.output_text.done', { text, logprobs: [] }] as const,
  ]
  return { part, empty: { ...part, text: '' }, deltas }
}

function refusalPart(pieces: readonly string[]) {
  const refusal = pieces.join('')
  const part = { type: 'refusal', refusal }
  const deltas = [
    ...pieces.map((delta) => ['response.refusal.delta', { delta }] as const),
    ['response.refusal.done', { refusal }] as const,
  ]
  return { part, empty: { ...part, refusal: '' }, deltas }
}
