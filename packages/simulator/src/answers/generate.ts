import { hash } from 'node:crypto'
import { hashText, seededRandom } from '../random.ts'
import type { Prompt, Tool } from './prompt.ts'
import { sampleSchema } from './sample.ts'
import { tokenise } from './tokens.ts'

/** The reason why a model stopped. Each API format has its own name for it. */
export type Finish = 'stop' | 'stop_sequence' | 'length' | 'tool_calls' | 'content_filter' | 'refusal'

/** How an answer ends because of a fault. */
export interface Ending {
  /** The reason for which the model appears to have stopped. @default the reason without a fault */
  finish?: Finish | undefined
  /**
   * The reason in the words of the vendor. It is sent unchanged, instead of the vendor's name for `finish`. null for an answer that
   * contains no reason, as if it had not ended.
   */
  reason?: string | null | undefined
  /** The number of pieces of the text that remain. Used only if `finish` is set. @default 0 for a refusal, otherwise half of them */
  pieces?: number | undefined
  /** The category of content for which the model refuses. */
  category?: string | undefined
}

/** The output of a model, split into the pieces in which it is streamed. */
export interface Generation {
  reasoning: readonly string[]
  content: readonly string[]
  toolCalls: readonly ToolCall[]
  finish: Finish
  /** The stop sequence that ended the text, if `finish` is `stop_sequence`. */
  stopSequence: string | undefined
  outputTokens: number
}

export interface ToolCall {
  id: string
  name: string
  arguments: readonly string[]
}

export interface GenerateOptions {
  /** The index of this choice among those of the answer. */
  index: number
  /** A text to answer with, instead of generated sentences. */
  reply: string | undefined
  /** How the answer ends because of a fault. */
  ending: Ending | undefined
}

/** Returns the answer to a prompt. The same prompt and options always produce the same answer. */
export function generate(prompt: Prompt, { index, reply, ending = {} }: GenerateOptions): Generation {
  const seed = hashText(prompt.text, hashText(`${prompt.model} ${index}`))
  const reasoning = prompt.thinks ? think(prompt, seed) : []
  const tools = ending.finish === undefined && reply === undefined ? toolsToCall(prompt) : []
  if (tools.length > 0) {
    const toolCalls = tools.map((tool, position) => callTool(tool, seed + position))
    const written = toolCalls.reduce((sum, call) => sum + call.arguments.length + 2, 0)
    return {
      reasoning,
      content: [],
      toolCalls,
      finish: 'tool_calls',
      stopSequence: undefined,
      outputTokens: reasoning.length + written,
    }
  }

  const text = reply ?? (prompt.schema === undefined ? talk(prompt.question, seed) : json(prompt.schema))
  const [before, stopSequence] = untilStop(text, prompt.stopSequences)
  const whole = tokenise(before)
  const room = Math.max(0, prompt.maxTokens - reasoning.length)
  const content = whole.slice(0, Math.min(piecesLeft(whole.length, ending), room))
  const usual = stopSequence === undefined ? 'stop' : 'stop_sequence'
  const finish = ending.finish ?? (content.length < whole.length ? 'length' : usual)
  return {
    reasoning,
    content,
    toolCalls: [],
    finish,
    stopSequence: finish === 'stop_sequence' ? stopSequence : undefined,
    outputTokens: reasoning.length + content.length,
  }
}

/** Returns the number of pieces that remain: all of them if the fault sets no `finish`, otherwise `pieces` or its default. */
function piecesLeft(all: number, { finish, pieces }: Ending): number {
  if (finish === undefined) return all
  return pieces ?? (finish === 'refusal' ? 0 : Math.ceil(all / 2))
}

/**
 * Returns the text before the first stop sequence in it, and that stop sequence. If there is none, returns the whole text and
 * undefined.
 */
function untilStop(text: string, sequences: readonly string[]): readonly [string, string | undefined] {
  let end = text.length
  let found: string | undefined
  for (const sequence of sequences) {
    const at = sequence === '' ? -1 : text.indexOf(sequence)
    if (at >= 0 && at < end) [end, found] = [at, sequence]
  }
  return [text.slice(0, end), found]
}

/** Returns a signature for the thoughts of a model, as some vendors send it. */
export function signThoughts(thoughts: readonly string[]): string {
  return hash('sha512', thoughts.join(''), 'base64')
}

/**
 * Returns the tools that the model calls. It calls a tool if the request requires one, or if the question contains the name of the
 * tool or asks for a tool call.
 */
function toolsToCall(prompt: Prompt): readonly Tool[] {
  const { tools, toolChoice } = prompt
  const [first] = tools
  if (first === undefined || toolChoice === 'none') return []
  if (typeof toolChoice === 'object') return tools.filter((tool) => tool.name === toolChoice.name)

  const question = prompt.question.toLowerCase()
  const named = tools.filter((tool) => question.includes(tool.name.toLowerCase()))
  const wanted = prompt.parallelToolCalls ? named : named.slice(0, 1)
  if (toolChoice === 'required') return wanted.length > 0 ? wanted : [first]
  if (prompt.toolsAnswered) return []
  return wanted.length === 0 && /\b(use|call) (a|the|your) (tool|function)/.test(question) ? [first] : wanted
}

function callTool(tool: Tool, seed: number): ToolCall {
  return {
    id: `call_${hashText(tool.name, seed).toString(36)}${(seed >>> 0).toString(36)}`,
    name: tool.name,
    arguments: tokenise(JSON.stringify(sampleSchema(tool.parameters) ?? {})),
  }
}

function json(schema: unknown): string {
  return JSON.stringify(schema === true ? { answer: 'harbor' } : sampleSchema(schema))
}

function think(prompt: Prompt, seed: number): string[] {
  return tokenise(`The user asks: ${excerpt(prompt.question)}. ${sentence(seededRandom(seed ^ 1))}`)
}

function talk(question: string, seed: number): string {
  const random = seededRandom(seed)
  let text = `You asked: “${excerpt(question)}”.`
  for (let left = 1 + Math.floor(random() * 3); left > 0; left--) text += ` ${sentence(random)}`
  return text
}

function excerpt(question: string): string {
  return question.length <= 80
    ? question
    : `${question
        .slice(0, 79)
        .toWellFormed()
        .replace(/\uFFFD$/, '')}…`
}

const subjects = [
  'The harbour',
  'A pilot',
  'The tide',
  'Every ship',
  'The lighthouse',
  'A naïve sailor',
  'The café',
]
const verbs = ['keeps', 'guides', 'shelters', 'measures', 'welcomes', 'outlasts', 'answers']
const objects = [
  'the storm',
  'every vessel',
  'the long night',
  'a quiet crew',
  'the open sea',
  'what comes in',
]

function sentence(random: () => number): string {
  const pick = (words: readonly string[]) => words[Math.floor(random() * words.length)] ?? ''
  return `${pick(subjects)} ${pick(verbs)} ${pick(objects)}.`
}
