import { type Answer, bodyAnswer, streamAnswer } from '../../answers/answer.ts'
import { type Generation, generate } from '../../answers/generate.ts'
import { asObject } from '../../answers/json.ts'
import type { Question } from '../wire.ts'
import { type Candidate, candidateOf } from './candidate.ts'
import { skippedPieces } from './continuation.ts'
import { contentPrompt } from './prompt.ts'
import { usageMetadata } from './usage.ts'

/** Returns the answer to generateContent and streamGenerateContent. */
export function answerContent(question: Question): Answer {
  const { body, reply, ending, stream } = question
  const prompt = contentPrompt(body)
  const skipped = skippedPieces(body)
  const candidates = Array.from({ length: candidateCount(question) }, (_, index) => {
    const generation = generate(prompt, { index, reply, ending })
    return candidateOf(rest(generation, skipped), index, question)
  })
  const usage = {
    input: prompt.inputTokens,
    output: candidates.reduce((sum, { outputTokens }) => sum + outputTokens, 0),
  }
  const written = (pieces: number) => usageMetadata(question, usage.input, candidates, pieces)
  if (stream) return contentStream(question, chunks(candidates, question, written), usage)
  const whole = {
    candidates: candidates.map((candidate) => candidate.whole),
    usageMetadata: written(Infinity),
    ...identity(question),
  }
  return geminiJson(whole, usage)
}

/** Returns a JSON answer, indented as Google sends it. */
export function geminiJson(body: object, usage?: Answer['usage']): Answer {
  return bodyAnswer(200, 'application/json; charset=UTF-8', JSON.stringify(body, null, 2) + '\n', usage)
}

/** Returns the last fields of every answer and of every event: the model and the id of the response. */
export function identity({ body, fingerprint }: Question) {
  return { modelVersion: body['model'], responseId: fingerprint }
}

/** Returns a stream of server-sent events or, without `alt=sse`, one JSON array in pieces. */
export function contentStream(
  { request }: Question,
  events: readonly object[],
  usage?: Answer['usage'],
): Answer {
  if (isSse(request.query)) return streamAnswer(events.map(sseEvent), usage)
  const frames = events.map(
    (event, index) => `${index === 0 ? '[' : ',\r\n'}${JSON.stringify(event, null, 2)}\n`,
  )
  return {
    ...streamAnswer([...frames, frames.length === 0 ? '[]' : ']\n'], usage),
    contentType: 'application/json; charset=UTF-8',
  }
}

export function isSse(query: string): boolean {
  return new URLSearchParams(query).get('alt') === 'sse'
}

/** Formats a server-sent event. Google ends lines with \r\n. */
export function sseEvent(data: object): string {
  return `data: ${JSON.stringify(data)}\r\n\r\n`
}

function candidateCount({ body }: Question): number {
  const count = asObject(body['generationConfig'])['candidateCount']
  return typeof count === 'number' ? count : 1
}

/** Returns the part of a generation that a continued request still gets: the text after the skipped pieces. */
function rest(generation: Generation, skipped: number): Generation {
  if (skipped === 0) return generation
  const content = generation.content.slice(skipped)
  return { ...generation, reasoning: [], content, outputTokens: content.length }
}

/**
 * Returns the events of a stream. Each event has the next part of every candidate that has not ended, and the usage so
 * far. The finish reason of a candidate is in a part of its own.
 */
function chunks(
  candidates: readonly Candidate[],
  question: Question,
  written: (pieces: number) => object,
): object[] {
  const events: object[] = []
  const rounds = Math.max(...candidates.map(({ parts }) => parts.length))
  for (let round = 0; round < rounds; round++) {
    const current = candidates.map(({ parts }) => parts[round]).filter((part) => part !== undefined)
    events.push({ candidates: current, usageMetadata: written(round + 1), ...identity(question) })
  }
  return events
}
