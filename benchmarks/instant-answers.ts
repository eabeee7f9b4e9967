/** An answer on the wire: as JSON, and as the parts of a stream, of which `word` is repeated. */
export interface InstantAnswer {
  readonly whole: string
  readonly beginning: string
  readonly word: string
  readonly end: string
}

/** The answer of the wire to which a path belongs, of about 1 KB as JSON. */
export function answerFor(path: string): InstantAnswer {
  if (path.endsWith('/messages')) return ANTHROPIC
  return path.includes('enerateContent') ? GEMINI : CHAT
}

const TEXT = 'x'.repeat(800)

const CHAT = chat()
const ANTHROPIC = anthropic()
const GEMINI = gemini()

function chat(): InstantAnswer {
  const base = { id: 'chatcmpl-1', created: 1, model: 'm' }
  const event = (choice: object): string =>
    `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices: [choice] })}\n\n`
  return {
    whole: JSON.stringify({
      ...base,
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content: TEXT }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 9, completion_tokens: 200, total_tokens: 209 },
    }),
    beginning: '',
    word: event({ index: 0, delta: { content: 'word ' }, finish_reason: null }),
    end: `${event({ index: 0, delta: {}, finish_reason: 'stop' })}data: [DONE]\n\n`,
  }
}

function anthropic(): InstantAnswer {
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', stop_sequence: null }
  const usage = { input_tokens: 9, output_tokens: 200 }
  const event = (type: string, fields: object): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
  return {
    whole: JSON.stringify({
      ...message,
      content: [{ type: 'text', text: TEXT }],
      stop_reason: 'end_turn',
      usage,
    }),
    beginning:
      event('message_start', { message: { ...message, content: [], stop_reason: null, usage } }) +
      event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    word: event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'word ' } }),
    end:
      event('content_block_stop', { index: 0 }) +
      event('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage }) +
      event('message_stop', {}),
  }
}

function gemini(): InstantAnswer {
  const usageMetadata = { promptTokenCount: 9, candidatesTokenCount: 200, totalTokenCount: 209 }
  const answer = (text: string, finishReason?: string): string =>
    JSON.stringify({
      candidates: [
        { content: { parts: [{ text }], role: 'model' }, index: 0, ...(finishReason && { finishReason }) },
      ],
      usageMetadata,
      modelVersion: 'm',
      responseId: 'r1',
    })
  return {
    whole: answer(TEXT, 'STOP'),
    beginning: '',
    word: `data: ${answer('word ')}\n\n`,
    end: `data: ${answer('.', 'STOP')}\n\n`,
  }
}
