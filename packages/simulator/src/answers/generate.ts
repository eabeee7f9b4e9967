import { hash } from 'node:crypto'
import { hashText, seededRandom } from '../random.ts'
import type { Prompt, Tool } from './prompt.ts'
import { sampleSchema } from './sample.ts'
import { tokenise } from './tokens.ts'

/** Why a model stopped. Each wire has its own name for it. */
export type Finish = 'stop' | 'stop_sequence' | 'length' | 'tool_calls' | 'content_filter' | 'refusal'

/** How a fault makes an answer end. */
export interface Ending {
  /** Why the model seems to have stopped. @default as without a fault */
  finish?: Finish | undefined
  /** The vendor's reason, sent verbatim in place of the one for `finish`; null for an answer that does not say that it has ended. */
  reason?: string | null | undefined
  /** How many pieces of the text are left, of an answer with another `finish`. @default half of them, none of a refusal */
  pieces?: number | undefined
  /** Why the model refuses. */
  category?: string | undefined
}

/** The output of a model, in the pieces that it streams. */
export interface Generation {
  reasoning: readonly string[]
  content: readonly string[]
  toolCalls: readonly ToolCall[]
  finish: Finish
  /** The stop sequence before which the text ends, with finish `stop_sequence`. */
  stopSequence: string | undefined
  outputTokens: number
}

export interface ToolCall {
  id: string
  name: string
  arguments: readonly string[]
}

export interface GenerateOptions {
  /** The index of the choice. */
  index: number
  /** Replaces the default sentences. */
  reply: string | undefined
  /** How a fault makes the answer end. */
  ending: Ending | undefined
}

/** The answer to a prompt. It depends only on the prompt and the options. */
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

/** A fault that ends the answer early leaves half of it, unless it says how much. */
function piecesLeft(all: number, { finish, pieces }: Ending): number {
  if (finish === undefined) return all
  return pieces ?? (finish === 'refusal' ? 0 : Math.ceil(all / 2))
}

/** The text before the first stop sequence in it, and that sequence. */
function untilStop(text: string, sequences: readonly string[]): readonly [string, string | undefined] {
  let end = text.length
  let found: string | undefined
  for (const sequence of sequences) {
    const at = sequence === '' ? -1 : text.indexOf(sequence)
    if (at >= 0 && at < end) [end, found] = [at, sequence]
  }
  return [text.slice(0, end), found]
}

/** The signature that some vendors put under thoughts. */
export function signThoughts(thoughts: readonly string[]): string {
  return hash('sha512', thoughts.join(''), 'base64')
}

/** The tools to call: one is called if the request forces it, or if the question mentions it or asks for a tool. */
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
