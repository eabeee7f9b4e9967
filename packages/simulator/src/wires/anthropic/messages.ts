import { type Answer, jsonAnswer, streamAnswer } from '../../answers/answer.ts'
import { generate } from '../../answers/generate.ts'
import type { Question } from '../wire.ts'
import { type Block, blocksOf } from './blocks.ts'
import { messageEvents } from './message-events.ts'
import { messagesPrompt, thinkingOf } from './prompt.ts'
import { stopOf } from './stop.ts'
import { usageOf } from './usage.ts'

/** Returns the answer to POST /v1/messages. */
export function answerMessages(question: Question): Answer {
  const { body, fingerprint, reply, ending, stream } = question
  const prompt = messagesPrompt(body)
  const generation = generate(prompt, { index: 0, reply, ending })
  const { outputTokens, reasoning } = generation
  const usage = usageOf(question, {
    input: prompt.inputTokens,
    output: outputTokens,
    thinking: reasoning.length,
  })
  const blocks = blocksOf(generation, thinkingOf(body) === 'omitted')
  const message = { model: prompt.model, id: `msg_01${fingerprint}`, type: 'message', role: 'assistant' }
  const stop = stopOf(generation, question)
  const billed = { input: prompt.inputTokens, output: outputTokens }
  return stream
    ? streamAnswer(messageEvents(message, blocks, stop, usage), billed)
    : jsonAnswer({ ...message, content: blocks.map(whole), ...stop, usage: usage.final }, billed)
}

function whole(block: Block): object {
  return block.whole
}
