import { type Finish, type Generation, signThoughts } from '../../answers/generate.ts'
import type { Question } from '../wire.ts'
import { continuationToken } from './continuation.ts'
import { includesThoughts } from './prompt.ts'

/** A candidate, whole and in the parts of a stream. */
export interface Candidate {
  whole: object
  /** The candidate in each event of a stream. The last part has the finish reason, unless a fault removes it. */
  parts: readonly object[]
  /** Returns the number of tokens in the first `parts` parts: of thoughts, and of the answer. */
  tokensIn: (parts: number) => { thoughts: number; answer: number }
  outputTokens: number
}

const reasons: Readonly<Record<Finish, string>> = {
  stop: 'STOP',
  stop_sequence: 'STOP',
  length: 'MAX_TOKENS',
  tool_calls: 'STOP',
  content_filter: 'SAFETY',
  refusal: 'PROHIBITED_CONTENT',
}

/** Returns a generation as a candidate of Gemini. */
export function candidateOf(generation: Generation, index: number, question: Question): Candidate {
  const { reasoning, content, finish, outputTokens } = generation
  const thoughts = includesThoughts(question.body) ? reasoning : []
  const calls = callParts(generation)
  const signed = signature(generation)
  const end = endOf(finish, question, content.length)
  const whole = [
    ...(thoughts.length > 0 ? [{ text: thoughts.join(''), thought: true }] : []),
    ...(content.length > 0 ? [{ text: content.join(''), ...signed }] : []),
    ...calls,
  ]
  const parts = [
    ...thoughts.map((text) => ({ text, thought: true })),
    ...content.map((text) => ({ text })),
    ...calls,
  ].map((part) => ({ content: { parts: [part], role: 'model' }, index }))
  const last = { text: '', ...(calls.length === 0 && signed) }
  const tokens = outputTokens - reasoning.length
  return {
    whole: {
      content: { ...(whole.length > 0 && { parts: whole }), role: 'model' },
      ...end,
      index,
      ...(calls.length > 0 && { finishMessage: 'Model generated function call(s).' }),
    },
    parts: end ? [...parts, { content: { parts: [last], role: 'model' }, ...end, index }] : parts,
    tokensIn: (written) => {
      const answered = Math.max(0, written - thoughts.length)
      const all = content.length + calls.length
      return {
        thoughts: thoughts.length > 0 ? Math.min(written, thoughts.length) : reasoning.length,
        answer: answered >= all ? tokens : Math.min(answered, tokens),
      }
    },
    outputTokens,
  }
}

/** Returns the function calls as parts. Each call is sent whole. */
function callParts({ toolCalls, reasoning }: Generation) {
  return toolCalls.map((call, index) => {
    const args: unknown = JSON.parse(call.arguments.join(''))
    return {
      functionCall: { name: call.name, args },
      // The first call carries the signature of the thoughts.
      ...(index === 0 && reasoning.length > 0 && { thoughtSignature: signThoughts(reasoning) }),
    }
  })
}

function signature({ reasoning }: Generation) {
  return reasoning.length > 0 ? { thoughtSignature: signThoughts(reasoning) } : {}
}

/** Returns the fields that end a candidate; undefined if a fault removes the finish reason. */
function endOf(finish: Finish, { ending, body }: Question, pieces: number) {
  const finishReason = ending?.reason === undefined ? reasons[finish] : ending.reason
  if (finishReason === null) return undefined
  return {
    finishReason,
    ...(finishReason === 'SAFETY' && { safetyRatings: blockedRatings }),
    ...(finishReason === 'CONTINUATION' && { continuationToken: continuationToken(body, pieces) }),
  }
}

const blockedRatings = [{ category: 'HARM_CATEGORY_DANGEROUS_CONTENT', probability: 'HIGH', blocked: true }]
