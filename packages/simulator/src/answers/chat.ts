import { type Answer, doneFrame, jsonAnswer, streamAnswer } from './answer.ts'
import { type Finish, type Generation, generate } from './generate.ts'
import { asObject, type JsonObject } from './json.ts'
import { chatPrompt } from './prompt.ts'

export interface AnswerOptions {
  stream: boolean
  /** The hash for the id of the answer. */
  fingerprint: string
  reply: string | undefined
  finish: Finish | undefined
}

// Constant, so that equal requests get equal bytes.
export const createdAt = 1_750_000_000

/** The answer to POST /v1/chat/completions. */
export function answerChat(body: JsonObject, { stream, fingerprint, reply, finish }: AnswerOptions): Answer {
  const prompt = chatPrompt(body)
  const n = typeof body['n'] === 'number' ? body['n'] : 1
  const choices = Array.from({ length: n }, (_, index) => generate(prompt, { index, reply, finish }))
  const usage = {
    input: prompt.inputTokens,
    output: choices.reduce((sum, choice) => sum + choice.outputTokens, 0),
  }
  const id = `chatcmpl-${fingerprint}`
  if (!stream) return jsonAnswer(completion(id, prompt.model, choices, chatUsage(usage, choices)), usage)

  const includeUsage = asObject(body['stream_options'])['include_usage'] === true
  return streamAnswer(
    chunks(id, prompt.model, choices, includeUsage ? chatUsage(usage, choices) : undefined),
    usage,
  )
}

function chatUsage({ input, output }: Answer['usage'], choices: readonly Generation[]) {
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: choices.reduce((sum, { reasoning }) => sum + reasoning.length, 0),
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}

function completion(id: string, model: string, choices: readonly Generation[], usage: unknown) {
  return {
    id,
    object: 'chat.completion',
    created: createdAt,
    model,
    choices: choices.map((choice, index) => ({
      index,
      message: message(choice),
      logprobs: null,
      finish_reason: choice.finish,
    })),
    usage,
    service_tier: 'default',
    system_fingerprint: 'fp_harbor',
  }
}

function message({ content, reasoning, toolCalls }: Generation) {
  return {
    role: 'assistant',
    content: toolCalls.length > 0 ? null : content.join(''),
    ...(reasoning.length > 0 && { reasoning_content: reasoning.join('') }),
    ...(toolCalls.length > 0 && {
      tool_calls: toolCalls.map((call) => ({
        id: call.id,
        type: 'function',
        function: { name: call.name, arguments: call.arguments.join('') },
      })),
    }),
    refusal: null,
    annotations: [],
  }
}

/** The events of a stream. Most of an event is constant, so that part is serialised once. */
function chunks(id: string, model: string, choices: readonly Generation[], usage: unknown): string[] {
  const head = `data: {"id":"${id}","object":"chat.completion.chunk","created":${createdAt},"model":${JSON.stringify(model)},"service_tier":"default","system_fingerprint":"fp_harbor","choices":[`
  const tail = usage === undefined ? ']}\n\n' : '],"usage":null}\n\n'
  const frames: string[] = []
  const add = (index: number, delta: string, finish: string) =>
    frames.push(`${head}{"index":${index},"delta":${delta},"logprobs":null,"finish_reason":${finish}}${tail}`)

  for (const [index, choice] of choices.entries()) {
    const opening = choice.toolCalls.length > 0 ? 'null' : '""'
    add(index, `{"role":"assistant","content":${opening},"refusal":null}`, 'null')
  }
  // Choices are interleaved, one piece of each in turn.
  const queues = choices.map((choice) => deltas(choice))
  const rounds = Math.max(...queues.map((queue) => queue.length))
  for (let round = 0; round < rounds; round++) {
    for (const [index, queue] of queues.entries()) {
      const delta = queue[round]
      if (delta !== undefined) add(index, delta, 'null')
    }
  }
  for (const [index, choice] of choices.entries()) add(index, '{}', JSON.stringify(choice.finish))
  if (usage !== undefined) frames.push(`${head}],"usage":${JSON.stringify(usage)}}\n\n`)
  frames.push(doneFrame)
  return frames
}

function deltas({ reasoning, content, toolCalls }: Generation): string[] {
  return [
    ...reasoning.map((piece) => `{"content":null,"reasoning_content":${JSON.stringify(piece)}}`),
    ...content.map((piece) => `{"content":${JSON.stringify(piece)}}`),
    ...toolCalls.flatMap((call, index) => [
      `{"tool_calls":[{"index":${index},"id":"${call.id}","type":"function","function":{"name":${JSON.stringify(call.name)},"arguments":""}}]}`,
      ...call.arguments.map(
        (piece) => `{"tool_calls":[{"index":${index},"function":{"arguments":${JSON.stringify(piece)}}}]}`,
      ),
    ]),
  ]
}
