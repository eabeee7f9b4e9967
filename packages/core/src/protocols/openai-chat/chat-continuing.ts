import { isRecord, type JsonBody } from '../../base/json.ts'
import { textTokens } from '../../tokens/text-tokens.ts'
import { continuePrompt } from '../shared/continue-prompt.ts'
import type { AnswerPart, BrokenText, ContinuationFormat } from '../shared/continuation-format.ts'
import { fieldsHaveSubstance } from '../shared/substance.ts'

/** How a broken chat completion is continued. */
export const CHAT_CONTINUING: ContinuationFormat = {
  isPlainText({ messages, n, response_format: format, logprobs, modalities, audio }) {
    return (
      Array.isArray(messages) &&
      (n == null || n === 1) &&
      (!isRecord(format) || format['type'] === 'text') &&
      logprobs !== true &&
      audio == null &&
      (!Array.isArray(modalities) || modalities.every((each) => each === 'text'))
    )
  },
  partOf({ choices }) {
    if (!Array.isArray(choices) || choices.length === 0) return NOTHING
    const [choice] = choices as readonly unknown[]
    if (choices.length > 1 || !isRecord(choice) || (choice['index'] ?? 0) !== 0) return OTHER
    const { delta, finish_reason: reason } = choice
    const { content, role: _role, name: _name, ...fields } = isRecord(delta) ? delta : {}
    const others = Object.fromEntries(
      Object.entries(fields).filter(([name]) => !name.startsWith('reasoning')),
    )
    return {
      text: typeof content === 'string' ? content : '',
      hasOther: fieldsHaveSubstance(others) || (content != null && typeof content !== 'string'),
      isEnd: typeof reason === 'string',
    }
  },
  requestFor(request, broken, form) {
    const limits = limitsFor(request, broken)
    return limits && { ...request, ...limits, messages: messagesFor(request, broken, form) }
  },
  joined(event, { id, created, model, system_fingerprint: fingerprint }, text) {
    const { choices } = event
    const [choice] = Array.isArray(choices) ? (choices as readonly unknown[]) : []
    const identity = {
      id,
      created,
      model,
      ...(fingerprint !== undefined && { system_fingerprint: fingerprint }),
    }
    if (!isRecord(choice)) return { ...event, ...identity }
    const { role: _role, ...delta } = isRecord(choice['delta']) ? choice['delta'] : {}
    const joined = { ...choice, delta: 'content' in delta ? { ...delta, content: text } : delta }
    return { ...event, ...identity, choices: [joined] }
  },
}

const NOTHING: AnswerPart = { text: '', hasOther: false, isEnd: false }
const OTHER: AnswerPart = { ...NOTHING, hasOther: true }

function messagesFor(
  { messages }: JsonBody,
  { sent, anchor }: BrokenText,
  form: Parameters<ContinuationFormat['requestFor']>[2],
): readonly unknown[] {
  const before = messages as readonly unknown[]
  if (form === 'user-turn') {
    return [
      ...before,
      { role: 'assistant', content: sent },
      { role: 'user', content: continuePrompt(anchor) },
    ]
  }
  const content = sent.slice(0, sent.length - anchor.length)
  // Without a text before the anchor, the model begins its answer again.
  if (content === '') return before
  return [...before, { role: 'assistant', content, ...(form === 'prefix' && { prefix: true }) }]
}

const LIMITS = ['max_tokens', 'max_completion_tokens'] as const

/** Returns the output limits for the continuation: what the first answer has left of them, and the anchor. */
function limitsFor(request: JsonBody, { sent, anchor }: BrokenText): JsonBody | undefined {
  const used = textTokens(sent)
  const given = LIMITS.filter((name) => typeof request[name] === 'number')
  const left = given.map((name) => [name, Number(request[name]) - used] as const)
  if (left.some(([, tokens]) => tokens < 1)) return undefined
  return Object.fromEntries(left.map(([name, tokens]) => [name, Math.floor(tokens + textTokens(anchor))]))
}
