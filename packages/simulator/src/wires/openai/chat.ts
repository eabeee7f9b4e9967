import { type Answer, doneFrame, jsonAnswer, streamAnswer } from '../../answers/answer.ts'
import { generate } from '../../answers/generate.ts'
import { asObject } from '../../answers/json.ts'
import type { Question } from '../wire.ts'
import { promptResults, safe } from './azure.ts'
import { type Choice, choiceOf } from './choice.ts'
import { isAzure } from './paths.ts'
import { chatPrompt } from './prompts.ts'
import { tierOf } from './tier.ts'

// Constant, so that equal requests get equal bytes.
export const createdAt = 1_750_000_000

/** The values that all events of a chat stream have in common. A JSON answer is made with them, too. */
interface Head {
  id: string
  model: string
  tier: string
  azure: boolean
}

/** Returns the answer to POST /v1/chat/completions. */
export function answerChat(question: Question): Answer {
  const { request, body, stream, fingerprint, reply, ending } = question
  const prompt = chatPrompt(body)
  const n = typeof body['n'] === 'number' ? body['n'] : 1
  const choices = Array.from({ length: n }, (_, index) =>
    choiceOf(generate(prompt, { index, reply, ending }), ending),
  )
  const usage = {
    input: prompt.inputTokens,
    output: choices.reduce((sum, choice) => sum + choice.outputTokens, 0),
  }
  const head = {
    id: `chatcmpl-${fingerprint}`,
    model: prompt.model,
    tier: tierOf(question),
    azure: isAzure(request.path),
  }
  const reported = chatUsage(usage, choices, question)
  if (!stream) return jsonAnswer(completion(head, choices, reported), usage)

  const includeUsage = asObject(body['stream_options'])['include_usage'] === true
  return streamAnswer(chunks(head, choices, includeUsage ? reported : undefined), usage)
}

function chatUsage(
  { input, output }: Answer['usage'],
  choices: readonly Choice[],
  { script: { cachedShare = 0 } }: Question,
) {
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: Math.floor(input * cachedShare), audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: choices.reduce((sum, { reasoning }) => sum + reasoning.length, 0),
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}

function completion({ id, model, tier, azure }: Head, choices: readonly Choice[], usage: unknown) {
  return {
    id,
    object: 'chat.completion',
    created: createdAt,
    model,
    choices: choices.map((choice, index) => ({
      index,
      message: message(choice),
      logprobs: null,
      finish_reason: choice.reason,
      ...(azure && { content_filter_results: safe() }),
    })),
    usage,
    ...(azure && { prompt_filter_results: promptResults() }),
    service_tier: tier,
    system_fingerprint: 'fp_harbor',
  }
}

function message({ content, reasoning, toolCalls, refusal }: Choice) {
  const silent = toolCalls.length > 0 || (refusal.length > 0 && content.length === 0)
  return {
    role: 'assistant',
    content: silent ? null : content.join(''),
    ...(reasoning.length > 0 && { reasoning_content: reasoning.join('') }),
    ...(toolCalls.length > 0 && {
      tool_calls: toolCalls.map((call) => ({
        id: call.id,
        type: 'function',
        function: { name: call.name, arguments: call.arguments.join('') },
      })),
    }),
    refusal: refusal.length > 0 ? refusal.join('') : null,
    annotations: [],
  }
}

/** Returns the events of a stream. Most of an event is constant, so that part is serialised once. */
function chunks({ id, model, tier, azure }: Head, choices: readonly Choice[], usage: unknown): string[] {
  const head = `data: {"id":"${id}","object":"chat.completion.chunk","created":${createdAt},"model":${JSON.stringify(model)},"service_tier":${JSON.stringify(tier)},"system_fingerprint":"fp_harbor","choices":[`
  const tail = usage === undefined ? ']}\n\n' : '],"usage":null}\n\n'
  const results = azure ? `,"content_filter_results":${JSON.stringify(safe())}` : ''
  const frames: string[] = azure ? [filterFrame()] : []
  const add = (index: number, delta: string, finish: string, filter = '') =>
    frames.push(
      `${head}{"index":${index},"delta":${delta},"logprobs":null,"finish_reason":${finish}${filter}}${tail}`,
    )

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
      if (delta !== undefined) add(index, delta, 'null', results)
    }
  }
  if (choices.some(({ reason }) => reason === null)) return frames
  for (const [index, choice] of choices.entries()) add(index, '{}', JSON.stringify(choice.reason))
  if (usage !== undefined) frames.push(`${head}],"usage":${JSON.stringify(usage)}}\n\n`)
  frames.push(doneFrame)
  return frames
}

/** Returns Azure's first event, which comes before the events of the model. */
function filterFrame(): string {
  const event = {
    choices: [],
    created: 0,
    id: '',
    model: '',
    object: '',
    prompt_filter_results: promptResults(),
  }
  return `data: ${JSON.stringify(event)}\n\n`
}

function deltas({ reasoning, content, toolCalls, refusal }: Choice): string[] {
  return [
    ...reasoning.map((piece) => `{"content":null,"reasoning_content":${JSON.stringify(piece)}}`),
    ...content.map((piece) => `{"content":${JSON.stringify(piece)}}`),
    ...refusal.map((piece) => `{"refusal":${JSON.stringify(piece)}}`),
    ...toolCalls.flatMap((call, index) => [
      `{"tool_calls":[{"index":${index},"id":"${call.id}","type":"function","function":{"name":${JSON.stringify(call.name)},"arguments":""}}]}`,
      ...call.arguments.map(
        (piece) => `{"tool_calls":[{"index":${index},"function":{"arguments":${JSON.stringify(piece)}}}]}`,
      ),
    ]),
  ]
}
